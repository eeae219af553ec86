"""A node for a control plane that has none: it runs the container of each Pod in Curfew's namespace as a process of this machine."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Callable, Dict, List

from charts import NAMESPACE, Object
from programs import ROOT, output


class Kubelet:
    """Use it as a context. Pods are Running and Ready once their process runs, and Succeeded or Failed when it has ended."""

    def __init__(self, state: Path, program: Path, kubectl: Callable[..., str]):
        self._state, self._program, self._kubectl = state, program, kubectl
        self._processes: Dict[str, subprocess.Popen] = {}
        self._names: Dict[str, str] = {}
        self._reported: Dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._logs = tempfile.TemporaryDirectory(prefix="curfew-kubelet-")
        self.images: Dict[str, str] = {}  # of each Pod that it ever ran, by name
        self.arguments: Dict[str, List[str]] = {}
        self.trouble: List[str] = []

    def __enter__(self) -> "Kubelet":
        self._thread.start()
        return self

    def __exit__(self, failure, *_) -> None:
        self._stop.set()
        self._thread.join()
        for uid in list(self._processes):
            self._end(uid)
        if failure:
            print(self.logs(), "\n".join(self.trouble), file=sys.stderr)
        self._logs.cleanup()

    def logs(self) -> str:
        return "".join(f"== {file.name}\n{file.read_text()[-4000:]}\n" for file in sorted(Path(self._logs.name).iterdir()))

    def running(self) -> List[str]:
        return [self._names[uid] for uid, process in dict(self._processes).items() if process.poll() is None]

    def _work(self) -> None:
        while not self._stop.wait(0.2):
            try:
                self._step()
            except Exception as error:  # pylint: disable=broad-except  # a Pod that went in between; the next look is right
                self.trouble.append(str(error))

    def _step(self) -> None:
        pods = {pod["metadata"]["uid"]: pod for pod in json.loads(self._kubectl("get", "pods", "-n", NAMESPACE, "-o", "json"))["items"]}
        for uid in [uid for uid in self._processes if uid not in pods]:
            self._end(uid)
        for uid, pod in pods.items():
            if uid not in self._reported and uid not in self._processes:
                self._start(pod)
            self._report(pod)

    def _start(self, pod: Object) -> None:
        name, container = pod["metadata"]["name"], pod["spec"]["containers"][0]
        account = pod["spec"]["serviceAccountName"]
        # Two replicas on one machine: each metrics port is any free one.
        given = [argument for argument in container["args"] if not argument.startswith("--metrics-address")]
        kubeconfig = output(ROOT / "tools" / "controlplane", "--state", self._state, "token", NAMESPACE, account).strip()
        environment = {**os.environ, "CURFEW_KUBECONFIG": kubeconfig, "CURFEW_METRICS_ADDRESS": "127.0.0.1:0"}
        with open(Path(self._logs.name) / name, "w", encoding="utf-8") as log:
            # pylint: disable=consider-using-with  # lives as long as its Pod
            self._processes[pod["metadata"]["uid"]] = subprocess.Popen([self._program, *given], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._names[pod["metadata"]["uid"]] = name
        self.images[name] = container["image"]
        self.arguments[name] = container["args"]

    def _report(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        code = self._processes[uid].poll()
        phase = "Running" if code is None else "Succeeded" if code == 0 else "Failed"
        if self._reported.get(uid) == phase:
            return
        container = pod["spec"]["containers"][0]
        ready = "True" if phase == "Running" else "False"
        state = {"running": {}} if phase == "Running" else {"terminated": {"exitCode": code}}
        status = {"phase": phase,
                  "conditions": [{"type": "Ready", "status": ready}, {"type": "ContainersReady", "status": ready}],
                  "containerStatuses": [{"name": container["name"], "image": container["image"], "imageID": "", "ready": ready == "True",
                                         "restartCount": 0, "state": state}]}
        self._kubectl("patch", "pod", pod["metadata"]["name"], "-n", NAMESPACE, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))
        self._reported[uid] = phase

    def _end(self, uid: str) -> None:
        process = self._processes.pop(uid)
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            self.trouble.append(f"{self._names[uid]} did not end within 15 s of SIGTERM")
            process.kill()
            process.wait()
