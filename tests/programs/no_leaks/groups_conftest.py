import os


def pytest_addoption(parser):
    parser.addoption("--word", default="none")


def pytest_configure(config):
    config.pid = os.getpid()
