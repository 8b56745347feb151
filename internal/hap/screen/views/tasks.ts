import type { TaskView } from "@bzzz/api";
import { nameOf, relativeTime, sanitiseLine, shortTaskId } from "@bzzz/cli";
import { fit, span, type StyleName } from "../core/cells.ts";
import type { Frame, Size } from "../core/frame.ts";
import { selectedIndex, taskRows } from "../core/lists.ts";
import { wordsOf } from "../core/looking.ts";
import type { Model } from "../core/model.ts";
import { filterCursor, filterLine } from "./filter.ts";
import { bottomBar, cells, framed, keyHelp, listRows, topBar } from "./parts.ts";

/** The work of the mesh, newest first. */
export function tasksView(model: Model, size: Size): Frame {
  const { glyphs } = model.settings;
  const { columns, rows } = size;
  const tasks = taskRows(model);
  const list = listRows(model, {
    items: tasks,
    selected: selectedIndex(model, "tasks"),
    rows: rows - 4,
    columns: columns - 2,
    render: (task) =>
      cells(glyphs, [
        { text: shortTaskId(task.task_id), columns: 6, style: "accent" },
        { text: task.state, columns: 10, style: styleOf(task) },
        { text: task.holder ? nameOf(task.holder) : "-", columns: 14 },
        { text: relativeTime(task.updated_at_ms, model.nowMs), columns: 11 },
        { text: `${sanitiseLine(task.title, 120)}${progress(task)}` },
      ]),
    empty: "No tasks.",
    words: wordsOf(model.lists.tasks),
  });
  const heading = fit([
    span(" "),
    ...cells(glyphs, [
      { text: "task", columns: 6, style: "dim" },
      { text: "state", columns: 10, style: "dim" },
      { text: "holder", columns: 14, style: "dim" },
      { text: "changed", columns: 11, style: "dim" },
      { text: "title", style: "dim" },
    ]),
  ], columns - 2);
  const open = tasks.filter((task) => !["completed", "failed", "cancelled"].includes(task.state)).length;
  return {
    lines: [
      topBar(model, `Tasks ${glyphs.dot} ${open} open of ${tasks.length}`, columns),
      ...[heading, ...list, filterLine(model, "tasks")].map((content) => framed(glyphs, content, columns)),
      bottomBar(
        model,
        keyHelp(model, [["open", "history"], ["find", "find"], ["copy", "copy id"], ["help", "keys"], [
          "back",
          "back",
        ]], columns),
        columns,
      ),
    ],
    ...filterCursor(model, "tasks", rows),
  };
}

function progress(task: TaskView): string {
  const { progress: at } = task;
  if (!at || task.state === "completed") return "";
  const percent = at.percent === undefined ? "" : `${Math.round(at.percent)} % `;
  return ` (${percent}${sanitiseLine(at.text, 60)})`;
}

function styleOf(task: TaskView): StyleName {
  return task.state === "completed"
    ? "good"
    : task.state === "failed"
    ? "danger"
    : task.state === "blocked"
    ? "warning"
    : "plain";
}
