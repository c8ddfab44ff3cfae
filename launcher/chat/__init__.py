"""Pure conversation logic: messages, what the model gets of them, Markdown blocks, formulas, export. No Qt, no disk, no process."""
