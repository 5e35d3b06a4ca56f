"""Whether a remote file is all there, judged by evidence; only what is complete is ever fetched.

``judge_completeness`` looks at one file: its name, its age, how it looked before. ``view_folder`` looks at a folder as
a whole: markers that clients leave, lists of checksums, archives in pieces. What that says of a file is part of the
judgement.
"""

from __future__ import annotations

from medialib.completeness.judging import Complete, Completeness, StillArriving, Unknown, judge_completeness
from medialib.completeness.manifests import (
    LARGEST_MANIFEST,
    Manifest,
    ManifestEntry,
    manifest_algorithm,
    parse_manifest,
)
from medialib.completeness.marks import (
    TEMPORARY_NAMES,
    UNFINISHED_MARKERS,
    folded,
    marked,
    marker_fault,
    temporary_fault,
    temporary_reason,
)
from medialib.completeness.parts import PartSet, announced, part_sets
from medialib.completeness.rules import StabilityRules, in_words, nearly_same_time, same_time
from medialib.completeness.surroundings import ALONE, FinishedMarker, FolderView, Surroundings, view_folder

__all__ = [
    "ALONE",
    "LARGEST_MANIFEST",
    "TEMPORARY_NAMES",
    "UNFINISHED_MARKERS",
    "Complete",
    "Completeness",
    "FinishedMarker",
    "FolderView",
    "Manifest",
    "ManifestEntry",
    "PartSet",
    "StabilityRules",
    "StillArriving",
    "Surroundings",
    "Unknown",
    "announced",
    "folded",
    "in_words",
    "judge_completeness",
    "manifest_algorithm",
    "marked",
    "marker_fault",
    "nearly_same_time",
    "parse_manifest",
    "part_sets",
    "same_time",
    "temporary_fault",
    "temporary_reason",
    "view_folder",
]
