/**
 * The project's own lint rules: layers, the owner of each dependency, no default exports, no hidden time, chance or exit, ASCII in
 * regular expressions.
 * The decisions are in lint/; this file only finds the places.
 *
 * @module
 */
import { useProblem } from "./lint/bans.ts";
import { importProblem, isTestFile } from "./lint/layers.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** A path from the root of the project; a path outside it stays as it is. */
function projectPath(filename: string): string {
  const path = filename.replaceAll("\\", "/");
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

const layers: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    const path = projectPath(context.filename);
    const check = (node: Deno.lint.Node, specifier: unknown): void => {
      if (typeof specifier !== "string") return;
      const message = importProblem(path, specifier);
      if (message !== undefined) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ImportExpression: (node) => check(node, node.source.type === "Literal" ? node.source.value : undefined),
      TSImportType: (node) =>
        check(
          node,
          node.argument.type === "TSLiteralType" && node.argument.literal.type === "Literal"
            ? node.argument.literal.value
            : undefined,
        ),
    };
  },
};

const noDefaultExport: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    // `deno lint` takes a plugin from the default export of its file.
    if (projectPath(context.filename) === "internal/tools/lint_plugin.ts") return {};
    const report = (node: Deno.lint.Node): void =>
      context.report({ node, message: "A default export has no name of its own", hint: "Export it by name" });
    return {
      ExportDefaultDeclaration: report,
      ExportSpecifier(node): void {
        if (node.exported.type === "Identifier" && node.exported.name === "default") report(node);
      },
    };
  },
};

const noHiddenEffects: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    const path = projectPath(context.filename);
    const check = (node: Deno.lint.Node, name: string): void => {
      const message = useProblem(path, name);
      if (message !== undefined) context.report({ node, message });
    };
    return {
      CallExpression(node): void {
        if (node.callee.type === "Identifier") check(node, node.callee.name);
      },
      MemberExpression(node): void {
        if (node.object.type !== "Identifier" || node.property.type !== "Identifier" || node.computed) return;
        const owner = node.object.name;
        check(node, owner === "globalThis" ? node.property.name : `${owner}.${node.property.name}`);
      },
      NewExpression(node): void {
        if (node.callee.type !== "Identifier" || node.callee.name !== "Date" || node.arguments.length > 0) return;
        check(node, "new Date()");
      },
    };
  },
};

const asciiExpressions: Deno.lint.Rule = {
  create(context): Deno.lint.LintVisitor {
    if (isTestFile(projectPath(context.filename))) return {};
    return {
      Literal(node): void {
        if (!node.raw.startsWith("/")) return; // a string, a number
        const found = /[^\0-\x7f]/.exec(node.raw)?.[0];
        if (found === undefined) return;
        const escaped = `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
        context.report({
          node,
          message:
            `"${found}" in a regular expression doubles what the text of a built program takes; write it as ${escaped}`,
        });
      },
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "bzzz",
  rules: {
    layers,
    "no-default-export": noDefaultExport,
    "no-hidden-effects": noHiddenEffects,
    "ascii-expressions": asciiExpressions,
  },
};
export default plugin;
