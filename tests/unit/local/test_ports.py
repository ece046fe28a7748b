"""Ports of the loopback address."""

import socket

from stenopool.local.ports import free_port, next_free_port, port_is_free


def test_a_port_that_is_taken_is_passed_over_and_told() -> None:
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        port = next_free_port(taken, told.append)
    assert port > taken
    assert told == [f"port {taken} is taken: using {port}"]


def test_a_free_port_is_taken_as_wanted_without_a_word() -> None:
    told: list[str] = []
    wanted = free_port()
    assert next_free_port(wanted, told.append) == wanted
    assert told == []


def test_a_port_taken_on_all_addresses_is_not_free_on_loopback() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not port_is_free(server.getsockname()[1])


def test_port_zero_means_any() -> None:
    assert next_free_port(0, lambda _: None) > 0
