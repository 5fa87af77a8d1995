// The editor: CodeMirror with Python's colours, and an error below the line where it happened.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Annotation, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers, WidgetType } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

class Message extends WidgetType {
  constructor(text) {
    super();
    this.text = text;
  }
  eq(other) {
    return other.text === this.text;
  }
  toDOM() {
    const element = document.createElement("div");
    element.className = "error-text";
    element.textContent = this.text;
    return element;
  }
}

const fromPage = Annotation.define();
const setError = StateEffect.define();
const errors = StateField.define({
  create: () => Decoration.none,
  update(shown, transaction) {
    shown = shown.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setError)) shown = effect.value ? at(transaction.state, effect.value) : Decoration.none;
    }
    return shown;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function at(state, { line, text }) {
  if (line < 1 || line > state.doc.lines) return Decoration.none;
  const { from, to } = state.doc.line(line);
  const below = Decoration.widget({ widget: new Message(text), block: true, side: 1 });
  return Decoration.set([Decoration.line({ class: "error-line" }).range(from), below.range(to)]);
}

// If the browser itself types over a selection, it may keep the old text's look in a style. The policy refuses styles
// and logs an error.
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || !event.data || event.isComposing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

/** An editor in `parent`; `edited` gets the text after each edit by the user. */
export function makeEditor(parent, edited) {
  const told = EditorView.updateListener.of((update) => {
    if (update.docChanged && update.transactions.some((x) => !x.annotation(fromPage))) edited(view.state.doc.toString());
  });
  const view = new EditorView({
    parent,
    extensions: [
      EditorView.cspNonce.of(NONCE),
      lineNumbers(),
      history(),
      indentOnInput(),
      indentUnit.of("    "),
      bracketMatching(),
      python(),
      syntaxHighlighting(classHighlighter),
      keymap.of([...defaultKeymap, ...historyKeymap]),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": "Python program", spellcheck: "false" }),
      errors,
      typeOver,
      told,
    ],
  });
  return {
    get text() {
      return view.state.doc.toString();
    },
    /** Replace the text without a call of `edited`. */
    set text(text) {
      const changes = { from: 0, to: view.state.doc.length, insert: text };
      view.dispatch({ changes, annotations: fromPage.of(true) });
    },
    /** Show an error, {line, text}; null shows none. */
    showError(error) {
      view.dispatch({ effects: setError.of(error) });
    },
  };
}
