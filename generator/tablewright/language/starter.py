"""The schema that `tablewright init` writes: small, commented, and a beginning of every section."""

from __future__ import annotations

from typing import Final

_STARTER: Final = """\
# yaml-language-server: $schema=tablewright.schema.json
# 'tablewright check' says what is wrong with this file, 'tablewright generate' writes the Python package.
tablewright: 1
name: {name}
description: What the team works on.

enums:
  TaskStatus:
    values:                              # the label is what people see in Airtable
      OPEN:    {{label: Open,    color: grayLight1}}
      STARTED: {{label: Started, color: blueLight1}}
      DONE:    {{label: Done,    color: greenLight1}}
  Priority:
    ordered: true                        # values compare and sort in this order
    values: [LOW, MEDIUM, HIGH]

tables:
  Task:
    name: Tasks                          # the table's name in Airtable
    description: One thing to do.

    fields:                              # the first field is Airtable's primary field
      title:      {{type: text, required: true, max_length: 200}}
      notes:      long_text
      assignee:   {{type: email, index: true}}
      status:     {{type: TaskStatus, default: OPEN}}
      priority:   {{type: Priority, default: MEDIUM}}
      due_on:     date
      started_at: datetime
      done_at:    datetime

    relations:
      waits_for:                         # links to other tasks; the other side is called blocks
        to: Task
        many: true
        inverse: blocks
        acyclic: true

    computed:                            # calculated wherever they are looked at
      is_blocked: any(task.status != DONE for task in waits_for)
      is_late: status != DONE and due_on < today()

    lifecycle:                           # only these transitions move the status
      field: status
      initial: OPEN
      history: true
      transitions:
        start:
          from: OPEN
          to: STARTED
          when: not is_blocked
          otherwise: waits for other tasks
          set: {{started_at: now()}}
        finish:
          from: STARTED
          to: DONE
          takes:
            notes: {{type: long_text, description: What came out.}}
          set:
            done_at: now()
            notes: coalesce(notes, self.notes)   # the argument; where it is not given, what is there
        put_back:
          from: STARTED
          to: OPEN
          set: {{started_at: None}}

    queries:
      get_open_tasks:
        description: Tasks to begin with, the most urgent first.
        where: status == OPEN and not is_blocked
        filter_by: [assignee]
        order_by: [-priority, created_time]

    statistics:
      get_progress:
        filter_by: [assignee]
        measures:
          tasks: count()
          by_status: count_by(status)
          share_done: ratio(status == DONE, True)
"""


def starter_schema(name: str) -> str:
    """Return a commented schema to start from, which compiles as it stands.

    *name* becomes the name of the generated package; it has to be one that a schema may have.
    """
    return _STARTER.format(name=name)
