import { withRequire } from "../../internal/tools/build/bundle.ts";
import { ROOT, runOrFail } from "../../internal/tools/build/tool.ts";

/** Both node programs as one minified file each, made by the same command: what is measured is what is deployed. */
export class Bundles implements AsyncDisposable {
  readonly #folder: string;
  readonly bare: string;
  readonly bzzz: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.bare = `${folder}/bare_node.js`;
    this.bzzz = `${folder}/bzzz_node.js`;
  }

  static async create(): Promise<Bundles> {
    const bundles = new Bundles(await Deno.makeTempDir({ prefix: "bzzz-bench-bundles-" }));
    for (const [name, out] of [["bare_node", bundles.bare], ["bzzz_node", bundles.bzzz]] as const) {
      const options = ["--quiet", "--minify", "--platform", "deno", "--output", out];
      await runOrFail([Deno.execPath(), "bundle", ...options, `${ROOT}test/benchmarks/${name}.ts`]);
      await Deno.writeTextFile(out, withRequire(await Deno.readTextFile(out)));
    }
    return bundles;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}
