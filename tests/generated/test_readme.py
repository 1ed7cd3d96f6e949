"""The README of a generated package says what the schema says, in words that a reader of Markdown sees as they are."""

from __future__ import annotations

from tablewright.check.compile import compile_schema
from tablewright.syntax.source import Source
from tablewright.targets.docs.markdown import code, prose
from tablewright.targets.docs.views import readme_view
from tablewright.targets.python.code import Code, comment

SCHEMA = """\
tablewright: 1
name: jobs
enums: {State: [WAITING, RUNNING, DONE, FAILED], Tag: [RED, BLUE]}
tables:
  Job:
    name: All Jobs
    description: One piece of work
    fields:
      title: {type: text, required: true, unique: true, max_length: 1, pattern: "^[a|b]$"}
      stars: {type: rating, max: 3}
      hours: {type: number, max: 40, default: 0}
      pause: {type: duration, default: 90m}
      tags: [Tag]
      state: State
      owners: {type: count, relation: people}
      names: {type: lookup, relation: people, field: name}
      label: {type: formula, formula: 'UPPER({Title})'}
    relations:
      boss: {to: Person, inverse: jobs, required: true, on_delete: restrict, add: add_job}
      people: {to: Person, many: true}
    lifecycle:
      field: state
      initial: WAITING
      history: true
      transitions:
        start: {from: WAITING, to: RUNNING, set: {hours: "1"}}
        finish: {from: RUNNING, to: DONE}
        fail: {from: RUNNING, to: FAILED, takes: {error: text}, when: error is not None}
        again: {from: FAILED, to: WAITING}
    queue: {take: start, done: finish, fail: fail, retry: {with: again, first: 90s, most: 2h}, order_by: [-stars], lease: 2m, timeout: 36h}
    queries: {get_waiting: {where: state == WAITING, order_by: [-stars, title], limit: 3}}
    statistics: {get_figures: {description: What was done, where: hours > 1, filter_by: [boss], measures: {total: count()}}}
  Person:
    fields: {name: text}
"""


def test_every_part_of_a_table_is_told() -> None:
    """Rules of fields and links, effects, history, queue, order and figures."""
    schema = compile_schema(Source("jobs.yaml", SCHEMA)).schema
    assert schema is not None

    job, person = readme_view(schema, comment("jobs.yaml")).tables

    assert job.about == "One piece of work. In Airtable: **All Jobs**."
    assert person.about == "In Airtable: **Person**."
    assert {row.cells[0]: row.cells[3] for row in job.fields} == {
        "`title`": "required, unique, at most 1 character, matches `^[a\\|b]$`",
        "`stars`": "1 to 3",
        "`hours`": "default `0`, at most 40",
        "`pause`": "default `90m`",
        "`tags`": "",
        "`state`": "default `WAITING`",
        "`owners`": "calculated by Airtable from `people`",
        "`names`": "calculated by Airtable from `people.name`",
        "`label`": "calculated by Airtable: `UPPER({Title})`",
    }
    assert job.relations[0].cells[3] == "required, keeps the other record from being deleted"
    assert person.relations[0].cells[3] == "the other side of Job.boss, made with `add_job()`"
    assert job.transitions[0].cells[4] == "`hours`"
    assert job.history.endswith("In Airtable: **All Jobs History**.")
    assert job.queries[0].cells[2] == "`-stars`, `title`, the first 3"
    assert job.statistics[0].title == "`get_figures(boss)`"
    assert job.statistics[0].about == "What was done. Of the records where `hours > 1`."
    assert job.queue == (
        "Workers take records with `Job.claim()`, which makes the transition `start`, sorted by `-stars`.",
        "They end in `finish` or `fail`, and own a record for 2m without a sign of life.",
        "One attempt takes at most 36h.",
        "What failed comes back with `again` after 90s; each pause is 2 times as long as the one before, and at most 2h.",
    )


def test_the_diagram_of_tables_tells_lists_and_unique_fields() -> None:
    """`Tag[]` holds several values; UK is Mermaid's mark of what is unique."""
    schema = compile_schema(Source("jobs.yaml", SCHEMA)).schema
    assert schema is not None

    lines = [line.strip() for line in readme_view(schema, Code("jobs.yaml")).er_diagram.split("\n")]

    assert "text title UK" in lines
    assert "Tag[] tags" in lines


def test_no_text_becomes_markup() -> None:
    """Whatever a description holds, it reads as it was written."""
    assert prose("a *b* <i>c</i> | d\n\n# e") == "a \\*b\\* \\<i\\>c\\</i\\> \\| d \\# e"
    assert prose("R&amp;D for $5") == "R\\&amp;D for \\$5"
    assert [prose("- a"), prose("1. b"), prose("2026) c")] == ["\\- a", "1\\. b", "2026\\) c"]
    assert prose("1.5 times - or so") == "1.5 times - or so"
    assert code("a `b` | c") == "`` a `b` \\| c ``"


def test_words_of_mermaid_are_no_names_in_diagrams() -> None:
    """A table `Class` stands in quotes, a state `NOTE` and a field `pk` get a '_': Mermaid 11 reads them so."""
    text = """\
tablewright: 1
name: school
enums: {Stand: {values: {NOTE: Note, Default: One, Default_: Two, DONE: Done}}}
tables:
  Class:
    fields: {title: text, stand: Stand, pk: integer}
    relations: {before: {to: Class}}
    lifecycle: {field: stand, initial: NOTE, transitions: {look: {from: NOTE, to: Default}, turn: {from: Default, to: Default_}, end: {from: Default_, to: DONE}}}
"""
    schema = compile_schema(Source("school.yaml", text)).schema
    assert schema is not None

    view = readme_view(schema, Code("school.yaml"))

    assert '"Class" {' in view.er_diagram
    assert "integer pk_" in view.er_diagram
    assert '"Class" }o--o| "Class" : "before"' in view.er_diagram
    assert [line.strip() for line in view.tables[0].state_diagram.split("\n")[1:]] == [
        'state "Note" as NOTE_',
        'state "One" as Default__',
        'state "Two" as Default_',
        'state "Done" as DONE',
        "[*] --> NOTE_",
        "NOTE_ --> Default__: look",
        "Default__ --> Default_: turn",
        "Default_ --> DONE: end",
        "DONE --> [*]",
    ]


def test_a_state_diagram_shows_every_name_as_it_is() -> None:
    """Mermaid 11 cannot draw a state `root`, reads `_x_` as markup, and draws loops of one state over one another."""
    text = """\
tablewright: 1
name: roots
enums: {Stand: {values: {root: _first_, constructor: Second}}}
tables:
  Tree:
    fields: {title: text, stand: Stand}
    lifecycle:
      field: stand
      initial: root
      transitions:
        look: {from: root, to: root}
        grow: {from: root, to: constructor}
        fall: {from: [root, constructor], to: constructor, when: title is not None}
        wait: {from: [constructor, root], to: root}
"""
    schema = compile_schema(Source("roots.yaml", text)).schema
    assert schema is not None

    view = readme_view(schema, Code("roots.yaml"))

    assert [line.strip() for line in view.tables[0].state_diagram.split("\n")[1:]] == [
        'state "#95;first#95;" as root_',
        'state "Second" as constructor_',
        "[*] --> root_",
        "root_ --> constructor_: grow",
        "root_ --> constructor_: fall [guarded]",
        "constructor_ --> root_: wait",
        "root_ --> root_: look, wait",
        "constructor_ --> constructor_: fall [guarded]",
    ]
