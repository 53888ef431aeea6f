from wire.reflector_limits import ReflectorLimits


def test_a_sender_gets_its_share_of_a_second_and_the_next_second_again() -> None:
    limits = ReflectorLimits(per_second=100, per_sender=3)

    assert [limits.admits("a", 7) for _ in range(5)] == [True, True, True, False, False]
    assert limits.admits("a", 8)


def test_one_wild_sender_takes_nothing_from_the_others() -> None:
    limits = ReflectorLimits(per_second=100, per_sender=3)
    for _ in range(50):
        limits.admits("wild", 7)

    assert limits.admits("quiet", 7)


def test_many_senders_together_get_no_more_than_the_sum() -> None:
    limits = ReflectorLimits(per_second=100, per_sender=3)

    assert sum(limits.admits(sender, 7) for sender in range(1000)) == 100
    assert sum(limits.admits(sender, 8) for sender in range(1000)) == 100


def test_a_clock_that_was_set_back_does_not_shut_anybody_out() -> None:
    limits = ReflectorLimits(per_second=2, per_sender=2)
    for _ in range(3):
        limits.admits("a", 1000)

    assert limits.admits("a", 10)
