// Python with the calculator, beside the page so that the page never waits.

// What the lock file of this Pyodide says, without the packages, none of which the page loads.
const LOCK = { info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.2" }, packages: {} };

// Writes the files of the archive, and imports what answers. Compiled code is not written, which nobody reads again, and
// garbage is looked for when all that stays has been made.
const UNPACK = `
import gc, json, lzma, os, sys
def start(packed):
    gc.disable()
    sys.dont_write_bytecode = True
    sizes, _, data = lzma.decompress(packed).partition(b"\\n")
    at = 0
    for name, size in json.loads(sizes).items():
        os.makedirs(os.path.dirname(name), exist_ok=True)
        with open(name, "wb") as file:
            file.write(data[at : at + size])
        at += size
    from cnncalc.playground.answers import answer
    gc.freeze()
    gc.enable()
    return answer
start
`;

let answer;

const start = async ({ pyodide, archive }) => {
  const packed = fetch(archive).then((got) => {
    if (!got.ok) throw new Error(`${archive}: ${got.status}`);
    return got.arrayBuffer();
  });
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
  const python = await loadPyodide({ indexURL: pyodide, lockFileContents: LOCK, packageBaseUrl: pyodide });
  answer = python.runPython(UNPACK)(python.toPy(await packed));
};

self.addEventListener("message", async ({ data }) => {
  try {
    if (data.start) {
      await start(data.start);
      self.postMessage({ ready: true });
    } else self.postMessage({ id: data.id, reply: JSON.parse(answer(data.question)) });
  } catch (error) {
    const text = String(error.message || error).trim().split("\n").pop();
    if (data.start) self.postMessage({ failed: text });
    else self.postMessage({ id: data.id, reply: { error: { message: text, hints: [], trail: [], detail: "" } } });
  }
});
