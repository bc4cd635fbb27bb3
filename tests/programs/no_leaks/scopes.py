import pytest

begun = []


@pytest.fixture(scope="session")
def session():
    begun.append("session")
    yield 1
    print("session is over")


@pytest.fixture(scope="module")
def module(session):
    return session + 1


@pytest.fixture(scope="class")
def of_class(module):
    return module + 1


@pytest.fixture(autouse=True)
def always():
    begun.append("always")


@pytest.mark.no_leaks(cycles=40)
class TestIt:
    def test_fixtures(self, of_class, tmp_path, request):
        assert of_class == 3
        assert begun == ["session", "always"]
        assert request.node.name == "test_fixtures"
        assert tmp_path.is_dir()

    @pytest.mark.parametrize("word", ["a b", "it's::so[1]"])
    def test_parameters(self, word):
        assert word == "a b", "another"
