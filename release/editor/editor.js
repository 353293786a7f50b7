// The editor of mapping files: takes the place of each textarea with data-editor, which stays the form's field.
// It lives in a shadow root, where its styles are adopted sheets, so that the content security policy can stay strict.
// Tab is not bound: it leaves the editor, as people expect who use the keyboard alone.
import { minimalSetup } from "codemirror";
import { yaml } from "@codemirror/lang-yaml";
import { jinja } from "@codemirror/lang-jinja";
import { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { StateField } from "@codemirror/state";
import { Decoration, EditorView, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--surface)", fontSize: "12.5px", border: "1px solid var(--line-strong)", borderRadius: "7px", overflow: "hidden" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", minHeight: "300px", maxHeight: "68vh" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { color: "var(--soft)", backgroundColor: "var(--sunken)", borderRight: "1px solid var(--line)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": { backgroundColor: "var(--accent-soft) !important" },
  ".found-error": { backgroundColor: "var(--bad-soft)", textDecoration: "underline wavy var(--bad) 1px", textUnderlineOffset: "4px" },
  ".found-warning": { textDecoration: "underline wavy var(--warn) 1px", textUnderlineOffset: "4px" },
});
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--ok)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--wait)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.operator, tags.brace, tags.special(tags.brace)], color: "var(--warn)" },
]);

// Marks the findings of the server. Not @codemirror/lint: its marks are data: images, which the policy refuses.
function marks(field) {
  const found = JSON.parse(field.dataset.findings || "[]");
  return StateField.define({
    create: (state) => Decoration.set(found.flatMap((one) => mark(state.doc, one)), true),
    update: (set, change) => set.map(change.changes),
    provide: (self) => EditorView.decorations.from(self),
  });
}

function mark(doc, finding) {
  const line = doc.line(Math.min(Math.max(finding.line, 1), doc.lines));
  const from = Math.min(line.from + finding.column - 1, line.to);
  const to = Math.min(from + Math.max(finding.length, 1), line.to);
  const look = { class: `found-${finding.severity}`, attributes: { title: finding.message } };
  return from < to ? [Decoration.mark(look).range(from, to)] : [];
}

function edit(field) {
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  field.after(host);
  const label = field.labels[0]?.textContent.trim() || "Mapping file";
  const view = new EditorView({
    doc: field.value,
    root,
    parent: root,
    extensions: [
      minimalSetup, lineNumbers(), look, marks(field), syntaxHighlighting(colours), indentUnit.of("  "),
      field.dataset.editor === "yaml" ? jinja({ base: yaml() }) : [],
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": `${label}. Tab leaves the editor.`, spellcheck: "false", tabindex: "0" }),
      EditorView.updateListener.of((update) => { if (update.docChanged) field.value = update.state.doc.toString(); }),
    ],
  });
  field.hidden = true;
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-line]");
    if (!target) return;
    const line = view.state.doc.line(Math.min(Number(target.dataset.line), view.state.doc.lines));
    view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
    view.focus();
  });
}

document.querySelectorAll("textarea[data-editor]").forEach(edit);
