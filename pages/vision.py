"""What is on this picture: how many nuclei, which blood cells, what price, and how sure is that?"""

import streamlit as st

from dashboard import filters, widgets
from dashboard.i18n.translation import _
from dashboard.vision import batch, counts, hub, pictures, prices, tags

TASKS = {"nuclei": _("Cell nuclei"), "cells": _("Blood cells"), "tags": _("Price tags")} | hub.tasks()

left, middle, right = st.columns([2.7, 2.3, 1.2], vertical_alignment="bottom")
with left:
    task = widgets.segmented(_("Look for"), tuple(TASKS), "look", "nuclei", TASKS.get, label_visibility="collapsed")
iso2 = ""
if task == "tags":
    with middle:
        iso2 = prices.market_choice()
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()

origin = pictures.way()
if origin == "files":
    batch.files(task, iso2)
elif (chosen := pictures.choose(task, origin, iso2)) is not None:
    if task == "tags":
        tags.tag(chosen, iso2)
    elif task == "whole":
        hub.whole(chosen)
    elif task == "objects":
        hub.objects(chosen)
    else:
        counts.things(task, chosen)
    batch.pages(task, iso2, chosen)
