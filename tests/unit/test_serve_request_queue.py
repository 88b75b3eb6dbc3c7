"""Requests to a kernel: how many are unanswered at once, which wait, and when they are sent."""

from opsnb.serve.request_queue import MAX_UNANSWERED, MAX_WAITING, MAX_WAITING_BYTES, Queue, Unanswered


class Sent(list[str]):
    """What a kernel was asked, by a page that reads as long as `reads` says so."""

    def __init__(self, unanswered: Unanswered) -> None:
        self.reads = True
        self.queue = Queue(unanswered, lambda: self.reads)
        unanswered.attach(self.queue)

    def ask(self, number: str, size: int = 1) -> bool:
        return self.queue.put(number, size, lambda: self.append(number))


def numbers(count: int, start: int = 0) -> list[str]:
    return [str(number) for number in range(start, start + count)]


def test_a_few_are_sent_and_one_more_with_each_answer() -> None:
    unanswered = Unanswered()
    sent = Sent(unanswered)
    assert all(map(sent.ask, numbers(20)))
    for answered in range(16):
        assert sent == numbers(MAX_UNANSWERED + answered)
        unanswered.remove(str(answered))


def test_too_many_are_not_taken() -> None:
    sent = Sent(Unanswered())
    taken = [sent.ask(number) for number in numbers(MAX_UNANSWERED + MAX_WAITING + 1)]
    assert taken == [True] * (MAX_UNANSWERED + MAX_WAITING) + [False]


def test_too_much_is_not_taken() -> None:
    unanswered = Unanswered()
    sent = Sent(unanswered)
    assert all(map(sent.ask, numbers(MAX_UNANSWERED)))
    assert sent.ask("large", MAX_WAITING_BYTES)
    assert not sent.ask("small")
    unanswered.remove("0")
    assert sent.ask("small")


def test_nothing_is_sent_while_the_page_does_not_read() -> None:
    sent = Sent(Unanswered())
    sent.reads = False
    assert sent.ask("1")
    assert sent == []
    sent.reads = True
    sent.queue.send()
    assert sent == ["1"]


def test_one_number_for_all_counts_each_time() -> None:
    unanswered = Unanswered()
    sent = Sent(unanswered)
    assert all(sent.ask("same") for _ in range(10))
    assert len(sent) == MAX_UNANSWERED
    unanswered.remove("same")
    assert len(sent) == MAX_UNANSWERED + 1


def test_the_answer_to_what_nobody_asked_counts_for_nothing() -> None:
    unanswered = Unanswered()
    sent = Sent(unanswered)
    assert all(map(sent.ask, numbers(10)))
    unanswered.remove("of another")
    assert sent == numbers(MAX_UNANSWERED)


def test_connections_of_one_kernel_share_what_it_answers_at_once() -> None:
    unanswered = Unanswered()
    one, other = Sent(unanswered), Sent(unanswered)
    assert all(map(one.ask, numbers(MAX_UNANSWERED + 1)))
    assert other.ask("other")
    unanswered.detach(one.queue)
    unanswered.remove("0")
    assert one == numbers(MAX_UNANSWERED)
    assert other == ["other"]
