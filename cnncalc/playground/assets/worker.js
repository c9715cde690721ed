// Python with the calculator, beside the page so that the page never waits.

// What the lock file of this Pyodide says, without the packages, none of which the page loads.
const LOCK = { info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.2" }, packages: {} };

let answer;

const start = async ({ pyodide, archive }) => {
  const packed = fetch(archive).then((got) => {
    if (!got.ok) throw new Error(`${archive}: ${got.status}`);
    return got.arrayBuffer();
  });
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
  const python = await loadPyodide({ indexURL: pyodide, lockFileContents: LOCK, packageBaseUrl: pyodide });
  const zip = python.pyimport("lzma").decompress(python.toPy(await packed));
  python.unpackArchive(zip.toJs(), "zip");
  answer = python.pyimport("cnncalc.playground.answers").answer;
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
