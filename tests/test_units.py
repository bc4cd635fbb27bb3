import pytest

from footprint.units import bytes_text, count_text


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0 B"),
        (1023, "1 023 B"),
        (1024, "1.00 KiB"),
        (1004 << 10, "1 004 KiB"),
        (18_360_000_000, "17.1 GiB"),
        (-(12 << 20), "−12.0 MiB"),
        (1 << 50, "1.00 PiB"),
        ((1 << 40) - 4096, "1.00 TiB"),
        (1023 << 20, "1 023 MiB"),
        (1 << 64, "16.0 EiB"),
        (5000 << 60, "5 000 EiB"),
    ],
)
def test_bytes_have_three_digits_and_a_unit_and_thousands_stand_apart_by_a_plain_space(n, text):
    assert bytes_text(n) == text


@pytest.mark.parametrize(("n", "text"), [(0, "0"), (791106, "791 106"), (-1234.0, "-1 234"), (1234.5, "1 234.50")])
def test_counts_are_grouped_by_plain_spaces(n, text):
    assert count_text(n) == text
