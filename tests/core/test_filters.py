"""A pattern is matched against whole things, never against a piece of one (acceptance 9)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.text import Text

from medialib.filters import PathRules, Verdict, judge_path, tokens_of

USUAL = PathRules(exclude=("sample", "*.nfo", "*.txt", "Sample/", "Extras/", "info", "behind the scenes"))
words = st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=6)
separators = st.sampled_from((".", "-", " ", "_", "[", "] ", "+"))
texts = st.text(
    st.one_of(st.characters(exclude_categories=()), st.sampled_from("éÉe\u0301ßẞσςΣ./[]*?\\ a")), max_size=20
)
patterns = st.one_of(
    texts,
    st.sampled_from(("sample", "*.nfo", "Sample/", "s*/", "[ab]*", "a b", "", "/", "...", "?", "É", "\\[", "[/]")),
)
rule_sets = st.builds(
    PathRules, exclude=st.lists(patterns, max_size=3).map(tuple), include=st.lists(patterns, max_size=3).map(tuple)
)


@pytest.mark.parametrize(
    ("path", "passed"),
    [
        ("Resampled.S01E01.mkv", True),
        ("Info.Wars.S01E01.mkv", False),
        ("Information.Show.S01E01.mkv", True),
        ("sample.mkv", False),
        ("Show.S01E01.SAMPLE.mkv", False),
        ("Show.S01E01-sample.mkv", False),
        ("Show/Sample/show.mkv", False),
        ("Show/sample/deeper/show.mkv", False),
        ("Show/Samples/show.mkv", True),
        ("Show/Sample Folder/show.mkv", True),
        ("Show/Show.NFO", False),
        ("Show/Show.nfo.mkv", True),
        ("Show.nfo/Show.mkv", True),
        ("Extras", True),
        ("Show/Extras/a.mkv", False),
        ("Show/Behind the Scenes/a.mkv", False),
        ("Show/Behind.the-Scenes/a.mkv", False),
        ("Show/Behind the Scenes 2/a.mkv", True),
        ("Show.Behind_The_Scenes.S01E01.mkv", False),
        ("Show.Behind.the.Big.Scenes.S01E01.mkv", True),
    ],
)
def test_patterns_match_whole_tokens_or_path_parts(path: str, passed: bool) -> None:
    """`Resampled.S01E01.mkv` is kept; `sample.mkv`, `*.nfo`, `Sample/` are excluded."""
    verdict = judge_path(path, USUAL)
    assert verdict.passed is passed
    assert bool(verdict) is passed
    assert bool(verdict.reasons) is not passed


def test_info_show_is_kept_where_info_is_no_pattern() -> None:
    """`Info.Show.S01E01.mkv` is kept by the usual rules: ``*.nfo`` names an extension, not a word."""
    assert judge_path("Info.Show.S01E01.mkv", PathRules(exclude=("sample", "*.nfo", "Sample/"))) == Verdict(True)


def test_every_matching_pattern_is_a_reason_and_includes_outweigh() -> None:
    """Every matching pattern is a reason; one matching include pattern outweighs all exclude patterns."""
    rules = PathRules(exclude=("sample", "*.mkv", "*.avi", "Bonus/"), include=("keep", "Bonus/"))
    assert judge_path("Bonus/sample.mkv", rules) == Verdict(
        True,
        (
            "'sample' in 'sample.mkv' matches the exclude pattern 'sample'",
            "the name 'sample.mkv' matches the exclude pattern '*.mkv'",
            "the folder 'Bonus' matches the exclude pattern 'Bonus/'",
            "the folder 'Bonus' matches the include pattern 'Bonus/'",
        ),
    )
    assert len(judge_path("sample.mkv", rules).reasons) == 2
    assert not judge_path("sample.mkv", rules)
    assert judge_path("a.mp4", rules) == Verdict(True)


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("thumbs.db", "x/Thumbs.db", True),
        ("thumbs.db", "x/thumbs_db.mkv", True),
        ("...", "x/...", True),
        ("...", "x/a...b", False),
        ("", "x/a", False),
        ("/", "x/a", False),
        ("s?mple/", "Sample/a", True),
        ("[!a]*", "a.mkv", False),
        ("[!a]*", "b.mkv", True),
        ("*", "any", True),
    ],
)
def test_forms_of_patterns(pattern: str, path: str, matches: bool) -> None:
    assert judge_path(path, PathRules(exclude=(pattern,))).passed is not matches


@given(texts, rule_sets)
def test_no_exclude_pattern_means_wanted(path: str, rules: PathRules) -> None:
    """Without a matching exclude pattern a file is wanted; reasons tell of exclusions first."""
    verdict = judge_path(path, rules)
    assert judge_path(path, PathRules(include=rules.include)) == Verdict(True)
    excluded = judge_path(path, PathRules(rules.exclude))
    assert verdict.passed or not excluded.passed
    assert verdict.reasons[: len(excluded.reasons)] == excluded.reasons
    # each pattern is judged by itself, so order and company change nothing
    assert excluded.passed == all(judge_path(path, PathRules((pattern,))).passed for pattern in rules.exclude)


@given(texts, rule_sets, patterns)
def test_more_includes_never_exclude(path: str, rules: PathRules, more: str) -> None:
    """An include pattern can only make a file wanted; an exclude pattern only unwanted, unless it is included."""
    wider = PathRules(rules.exclude, (*rules.include, more))
    assert judge_path(path, wider).passed >= judge_path(path, rules).passed
    assert judge_path(path, PathRules((*rules.exclude, more), rules.include)).passed <= judge_path(path, rules).passed


@given(texts, rule_sets, st.sampled_from(("NFC", "NFD")), st.sampled_from((str, str.upper, str.lower, str.swapcase)))
@example("ᾳ.mkv", PathRules(("ᾼ",)), "NFD", str.upper)
def test_case_and_form_do_not_count(path: str, rules: PathRules, form: str, cased: object) -> None:
    """Letter case and Unicode form do not count, in paths and in patterns."""
    assert callable(cased)
    # letters whose upper and lower forms fold apart (dotless i, final forms of ligatures) have no "same but for case"
    changed = unicodedata.normalize(form, cased(path))
    if unicodedata.normalize("NFC", path.casefold()) != unicodedata.normalize("NFC", cased(path).casefold()):
        changed = unicodedata.normalize(form, path)
    reformed = PathRules(
        tuple(unicodedata.normalize(form, pattern) for pattern in rules.exclude),
        tuple(unicodedata.normalize(form, pattern) for pattern in rules.include),
    )
    assert judge_path(changed, rules).passed == judge_path(path, rules).passed == judge_path(path, reformed).passed


@given(words, words, words)
def test_a_pattern_never_matches_a_piece_of_a_token(word: str, front: str, back: str) -> None:
    """A pattern is matched against whole things, never against a piece of one."""
    rules = PathRules(exclude=(word,))
    for whole in (f"{front}{word}", f"{word}{back}", f"{front}{word}{back}"):
        if len(tokens_of(whole)) == len(tokens_of(word)) == 1 and tokens_of(whole) != tokens_of(word):
            assert judge_path(whole, rules)
            assert judge_path(f"{whole}/file", rules) or tokens_of("file") == tokens_of(word)


@given(words, st.lists(words, max_size=2), st.lists(words, max_size=2), separators)
def test_a_word_is_found_as_a_whole_token_anywhere(
    word: str, front: list[str], back: list[str], separator: str
) -> None:
    """A bare word: whole tokens of the file name, letters and digits between anything else."""
    name = separator.join((*front, word, *back))
    assert not judge_path(name, PathRules(exclude=(word,)))
    assert not judge_path(f"folder/{name}", PathRules(exclude=(word.upper(), word)))


def test_a_mark_that_has_no_composed_form_is_part_of_its_word() -> None:
    """Hindi vowels and Thai tones are marks: they do not end a word, so no pattern matches the front of one."""
    assert tokens_of("की.का") == ("की", "का")
    assert judge_path("की.mkv", PathRules(exclude=("का",)))
    assert judge_path("sample\u030bd.mkv", PathRules(exclude=("sample",)))


@given(texts)
def test_tokens_are_folded_letters_and_digits(text: str) -> None:
    """The runs of letters and digits in a text, case and Unicode form folded."""
    tokens = tokens_of(text)
    assert all(token and tokens_of(token) == (token,) for token in tokens)
    assert tokens_of(".".join(tokens)) == tokens
    assert tokens_of(unicodedata.normalize("NFD", text)) == tokens


@given(st.booleans(), st.lists(st.text(st.sampled_from("ab[]\\/ "), max_size=8), max_size=3))
@example(False, ["\\[a]", "[/]", "a\\", "\\\\[red]"])
def test_a_verdict_draws_itself_as_rich_markup(passed: bool, reasons: list[str]) -> None:
    """Rich console markup, in which what a reason says is only text, whatever brackets it has."""
    drawn = Text.from_markup(Verdict(passed, tuple(reasons)).__rich__())
    said = "\n".join(["passed" if passed else "failed", *(f"  {reason}" for reason in reasons)])
    # rich's markup has no exact form for a backslash before a bracket that begins no tag
    assert drawn.plain.replace("\\", "") == said.replace("\\", "")
    assert "\\[" in said or drawn.plain == said
    assert [str(span.style) for span in drawn.spans] == ["green" if passed else "red"]
