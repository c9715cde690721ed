// Python with the calculator, beside the page so that the page never waits.

let answer;

const start = async ({ pyodide, archive }) => {
  const packed = fetch(archive).then((got) => {
    if (!got.ok) throw new Error(`${archive}: ${got.status}`);
    return got.arrayBuffer();
  });
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
  const python = await loadPyodide({ indexURL: pyodide });
  python.unpackArchive(new Uint8Array(await packed), "zip");
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
