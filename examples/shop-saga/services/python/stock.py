"""The stock service: an actor `Stock` for each article.

  Fill {count}             puts so many on the shelf
  Reserve {order, count}   sets some aside; refuses when there are too few
  Release {order}          puts them back, if any were set aside
  Show
"""
from actor_host import Refused, serve


def shelf_of(state):
    return state or {"on_shelf": 0, "reserved": {}}


def fill(state, given, _call):
    state = shelf_of(state)
    state["on_shelf"] += given["count"]
    return state, state


def reserve(state, wanted, call):
    state = shelf_of(state)
    if wanted["count"] > state["on_shelf"]:
        raise Refused(f"{wanted['count']} of {call.name} are wanted, there are "
                      f"{state['on_shelf']}")
    state["on_shelf"] -= wanted["count"]
    state["reserved"][wanted["order"]] = wanted["count"]
    return state, {"left": state["on_shelf"]}


def release(state, given, _call):
    state = shelf_of(state)
    state["on_shelf"] += state["reserved"].pop(given["order"], 0)
    return state, {"left": state["on_shelf"]}


def show(state, _nothing, _call):
    return None, shelf_of(state)


serve("stock", {"Stock": {"Fill": fill, "Reserve": reserve, "Release": release, "Show": show}})
