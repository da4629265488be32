"""Requests that run into one another."""

import threading

from attacker.wire import Line


def contest(target, requests):
    """All at once, each on a connection of its own: the answers."""
    lines = [Line(target.line.address[1], target.ca.certificate) for _ in requests]
    for line in lines:
        line.open.append(line.connection())
    answers = [None] * len(requests)
    gate = threading.Barrier(len(requests))

    def ask(number):
        gate.wait()
        answers[number] = lines[number].post("/v1/getCertificate", requests[number])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for line in lines:
        line.close()
    return answers
