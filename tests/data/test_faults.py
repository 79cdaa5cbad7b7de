import pickle

import pytest

from data.faults import Fault


class Refused(Fault, ValueError):
    """One of many kinds."""


def test_a_fault_reads_as_its_sentence_with_its_values_in_their_places():
    fault = Refused("{name} has {count} rows; at most {most} fit.", name="a.csv", count=12, most=10)
    assert str(fault) == "a.csv has 12 rows; at most 10 fit."
    assert fault.template == "{name} has {count} rows; at most {most} fit." and fault.values["count"] == 12


def test_a_fault_comes_whole_out_of_another_process():
    fault = Refused("{name} cannot be read ({cause}).", name="a", cause=Fault("It is {what}.", what="empty"))
    again = pickle.loads(pickle.dumps(fault))  # as multiprocessing does it
    assert again == fault and str(again) == "a cannot be read (It is empty.)."


def test_braces_in_a_value_are_left_as_they_are():
    assert str(Fault("{name} is not known.", name="{x}")) == "{x} is not known."


def test_a_value_that_is_missing_is_noticed_where_it_is_told():
    with pytest.raises(KeyError):
        str(Fault("{name} is not known."))
