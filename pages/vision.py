"""What is on this picture: how many nuclei, which blood cells, what price, and how sure is that?"""

import streamlit as st

from dashboard import (
    filters,
    links,
    vision_lab_batch,
    vision_lab_hub,
    vision_lab_meaning,
    vision_lab_parts,
    vision_lab_pictures,
    vision_lab_tags,
)
from dashboard.language import _

TASKS = {"nuclei": _("Cell nuclei"), "cells": _("Blood cells"), "tags": _("Price tags")} | vision_lab_hub.tasks()

left, middle, right = st.columns([2.7, 2.3, 1.2], vertical_alignment="bottom")
with left:
    task = links.segmented(_("Look for"), tuple(TASKS), "look", "nuclei", TASKS.get, label_visibility="collapsed")
iso2 = ""
if task == "tags":
    with middle:
        iso2 = vision_lab_meaning.market_choice()
with right, st.container(horizontal_alignment="right"):
    filters.language_choice()

origin = vision_lab_pictures.way()
if origin == "files":
    vision_lab_batch.files(task, iso2)
elif (chosen := vision_lab_pictures.choose(task, origin, iso2)) is not None:
    if task == "tags":
        vision_lab_tags.tag(chosen, iso2)
    elif task == "whole":
        vision_lab_hub.whole(chosen)
    elif task == "objects":
        vision_lab_hub.objects(chosen)
    else:
        vision_lab_parts.things(task, chosen)
