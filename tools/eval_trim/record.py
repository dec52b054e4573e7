#!/usr/bin/env python3
"""Records transcripts of agents: what real programs of this machine say, in the shape of OpenAI's chat requests.

usage: record.py REPOSITORY OUTPUT.jsonl [BIN]

REPOSITORY: Hearth's sources, copied into a git repository made on the spot that the agents work on. BIN: a folder with
hearthd and hearth, for their logs and answers. One transcript a line: {"name", "language", "messages", "kinds": what each
call's result is, "visible": of pages, the words that a browser shows}. Nothing here knows how trimming works.
"""
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

LIMIT = 48_000  # characters of a result, as agents cut them

SYSTEM = {
    "en": "You are a careful engineer's agent on a Debian machine. Use the tools, then answer briefly.",
    "zh": "你是一台 Debian 机器上谨慎的工程师助手。请先使用工具，再简短回答。",
}


class Visible(html.parser.HTMLParser):
    """The words that a browser shows."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.skip = 0
        self.words = []
        self.text = ""

    INLINE = {"a", "b", "i", "em", "strong", "code", "span", "tt", "sub", "sup", "small", "font", "var", "kbd", "abbr", "u", "q"}

    def handle_starttag(self, tag, attrs):
        if tag not in self.INLINE:
            self.text += " "
        if tag in ("script", "style", "template"):
            self.skip += 1

    def handle_endtag(self, tag):
        if tag not in self.INLINE:
            self.text += " "
        if tag in ("script", "style", "template") and self.skip:
            self.skip -= 1

    def handle_data(self, data):
        if not self.skip:
            self.text += data


def visible_words(page):
    parser = Visible()
    parser.feed(page)
    parser.close()
    return re.findall(r"\w+", parser.text)


class Transcript:
    def __init__(self, name, language, folder):
        self.name, self.language, self.folder = name, language, folder
        self.messages = [{"role": "system", "content": SYSTEM[language]}]
        self.kinds, self.visible = {}, {}
        self.calls = 0

    def ask(self, en, zh):
        self.messages.append({"role": "user", "content": zh if self.language == "zh" else en})
        return self

    def result(self, kind, tool, arguments, text):
        self.calls += 1
        call = f"call_{self.name}_{self.calls}"
        function = {"name": tool, "arguments": json.dumps(arguments, ensure_ascii=False)}
        self.messages.append({"role": "assistant", "content": None,
                              "tool_calls": [{"id": call, "type": "function", "function": function}]})
        self.messages.append({"role": "tool", "tool_call_id": call, "content": text[:LIMIT]})
        self.kinds[call] = kind
        if kind == "page":
            self.visible[call] = visible_words(text[:LIMIT])
        return self

    def run(self, kind, command, shown=None):
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=120, env={**os.environ, "LC_ALL": "C.UTF-8", "GIT_PAGER": "cat", "COLUMNS": "120"})
        text = done.stdout.decode("utf-8", "replace")
        return self.result(kind, "run_command", {"command": shown or command}, text)

    def read(self, path):
        with open(os.path.join(self.folder, path), encoding="utf-8", errors="replace") as file:
            return self.result("source", "read_file", {"path": path}, file.read())

    def edit(self, path, change):
        full = os.path.join(self.folder, path)
        with open(full, encoding="utf-8") as file:
            text = file.read()
        with open(full, "w", encoding="utf-8") as file:
            file.write(change(text))
        return self.result("other", "edit_file", {"path": path}, f"{path} was changed.")

    def fetch(self, url, file):
        with open(file, encoding="utf-8", errors="replace") as page:
            return self.result("page", "fetch_url", {"url": url}, page.read())

    def answer(self, en, zh):
        self.messages.append({"role": "assistant", "content": zh if self.language == "zh" else en})
        return self

    def done(self):
        return {"name": self.name, "language": self.language, "messages": self.messages, "kinds": self.kinds,
                "visible": self.visible}


def git(folder, *arguments):
    subprocess.run(["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, "GIT_AUTHOR_DATE": "2026-11-20T10:00:00Z",
                                                   "GIT_COMMITTER_DATE": "2026-11-20T10:00:00Z"})


def make_project(source, folder):
    """A repository with a history: rooms of Hearth added one by one, and lines changed in them."""
    os.makedirs(folder)
    git(folder, "init", "-q", "-b", "main")
    for room in ("core", "yaml", "store", "config", "net", "dialects"):
        shutil.copytree(os.path.join(source, "src", room), os.path.join(folder, "src", room))
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", f"{room}: as it begins")
    for path, old, new in (("src/core/src/units.cpp", "1024", "1'024"), ("src/config/src/yaml.cpp", "Result<", "Result <"),
                           ("src/store/CMakeLists.txt", "LAYER", "FLOOR")):
        full = os.path.join(folder, path)
        if not os.path.exists(full):
            continue
        with open(full, encoding="utf-8") as file:
            text = file.read()
        with open(full, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))
        git(folder, "commit", "-qam", f"{path}: {old} is {new} now")
    with open(os.path.join(folder, "sums.test.mjs"), "w", encoding="utf-8") as file:
        file.write("import { test } from 'node:test';\nimport assert from 'node:assert';\n"
                   "for (let i = 0; i < 60; i++) test(`sum ${i}`, () => assert.equal(i + i, i === 41 ? 83 : 2 * i));\n")
    with open(os.path.join(folder, "broken.cpp"), "w", encoding="utf-8") as file:
        file.write("#include <map>\n#include <string>\n#include <vector>\n"
                   "std::map<std::string, std::vector<int>> table;\nint main() {\n  table.push_back(1);\n  int x = \"a\";\n"
                   "  for (auto& [k, v] : tabel) v.insert(k);\n  std::vector<std::string> s{1, 2};\n  return undefined;\n}\n")
    package = {"name": "site", "version": "1.2.0", "private": True,
               "dependencies": {name: f"^{i}.2.{i}" for i, name in enumerate(("react", "vite", "zod", "hono", "tsx"))},
               "scripts": {"build": "vite build", "test": "node --test"}}
    with open(os.path.join(folder, "package.json"), "w", encoding="utf-8") as file:
        json.dump(package, file, indent=2)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "a test, a mistake and a package")


def nginx_logs(folder):
    """A server of this moment, asked a few hundred times; its logs."""
    os.makedirs(os.path.join(folder, "www"))
    for name in ("index.html", "a.txt"):
        with open(os.path.join(folder, "www", name), "w", encoding="utf-8") as file:
            file.write(name * 20)
    config = os.path.join(folder, "nginx.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"{'user root;' if os.geteuid() == 0 else ''} worker_processes 1; pid {folder}/pid; error_log {folder}/error.log info;\n"
                   "events {}\n"
                   f"http {{ access_log {folder}/access.log; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;"
                   f" fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;\n"
                   f"server {{ listen 127.0.0.1:18431; root {folder}/www; location /deny {{ deny all; }} }} }}\n")
    server = subprocess.Popen(["nginx", "-c", config, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        for i in range(240):
            path = "/deny" if i % 60 == 7 else "/missing.txt" if i % 50 == 9 else "/a.txt" if i % 3 else "/"
            request = urllib.request.Request(f"http://127.0.0.1:18431{path}", headers={"User-Agent": "check/1.0"})
            try:
                urllib.request.urlopen(request, timeout=5).read()
            except urllib.error.HTTPError:
                pass
    finally:
        server.terminate()
        server.wait()


class Hearth:
    """A hearthd of one's own; its log is in `log`."""

    def __init__(self, binaries, folder):
        self.folder = folder
        self.tool = os.path.join(binaries, "hearth")
        self.log = os.path.join(folder, "hearthd.log")
        os.makedirs(folder, exist_ok=True)
        self.process = subprocess.Popen(
            [os.path.join(binaries, "hearthd"), "--data", folder, "--listen", "127.0.0.1:18432", "--log-format", "json"],
            stderr=open(self.log, "wb"), stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        time.sleep(4)
        for i in range(120):
            try:
                body = json.dumps({"input": "x", "model": "none" if i % 40 == 5 else "auto"}).encode()
                urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:18432/v1/models" if i % 2 else
                                                              "http://127.0.0.1:18432/v1/embeddings",
                                                              data=None if i % 2 else body,
                                                              headers={"Content-Type": "application/json"}),
                                       timeout=20).read()
            except (urllib.error.URLError, OSError):
                pass

    def command(self, arguments):
        return f"{self.tool} --data {self.folder} {arguments}"

    def stop(self):
        self.process.terminate()
        self.process.wait()


def pages():
    """Installed documentation, as a browser would get it."""
    found = []
    for root, _, files in sorted(os.walk("/usr/share/doc")):
        for name in sorted(files):
            path = os.path.join(root, name)
            if name.endswith(".html") and 3_000 < os.path.getsize(path) < 60_000 and not os.path.islink(path):
                found.append(path)
    step = max(1, len(found) // 24)
    return found[::step][:24]


def pictures():
    found = []
    for root, _, files in sorted(os.walk("/usr/share")):
        for name in sorted(files):
            path = os.path.join(root, name)
            if name.endswith(".png") and 2_500 < os.path.getsize(path) < 30_000 and not os.path.islink(path):
                found.append(path)
    return found[:: max(1, len(found) // 4)][:4]


def make_transcripts(source, folder, binaries):
    made = []
    count = 0

    def begin(name, language=None):
        nonlocal count
        count += 1
        project = os.path.join(folder, f"work{count}", "project")
        os.makedirs(os.path.dirname(project))
        shutil.copytree(os.path.join(folder, "project"), project, symlinks=True)
        transcript = Transcript(f"{name}{count}", language or ("zh" if count % 3 == 0 else "en"), project)
        made.append(transcript)
        return transcript

    make_project(source, os.path.join(folder, "project"))
    nginx_logs(os.path.join(folder, "nginx"))
    hearth = Hearth(binaries, os.path.join(folder, "hearth")) if binaries else None

    for path, word in (("src/core/src/units.cpp", "Result"), ("src/net/src/server.cpp", "Deadline"),
                       ("src/dialects/src/sse.cpp", "SseParser"), ("src/config/src/values.cpp", "read_size")):
        t = begin("review")
        t.ask(f"What does {path} do, and who uses it?", f"{path} 是做什么的？谁在使用它？")
        t.run("listing", "ls -lR src | head -400").read(path)
        t.run("search", f"grep -rn {word} src | head -200").run("diff", f"git log -p -n 3 -- {path}")
        t.read(path)
        t.answer("It is read by its room only.", "只有它所在的模块使用它。")
        t.ask("What changed there lately?", "最近有什么改动？")
        t.run("report", "git log --stat -n 8").run("diff", "git show HEAD~1").read(path)

    for path in ("src/core/src/units.cpp", "src/config/src/yaml.cpp", "src/store/src/database.cpp", "src/core/src/log.cpp"):
        if not os.path.exists(os.path.join(folder, "project", path)):
            continue
        t = begin("edit")
        t.ask(f"Rename what is called `text` in {path} to `written`.", f"把 {path} 里的 `text` 改名为 `written`。")
        t.read(path)
        t.edit(path, lambda text: text.replace("text", "written", 2))
        t.run("diff", "git diff").read(path)
        t.run("build", "clang++-19 -std=c++23 -fsyntax-only broken.cpp")
        t.edit("broken.cpp", lambda text: text.replace("tabel", "table"))
        t.run("build", "clang++-19 -std=c++23 -fcolor-diagnostics -fsyntax-only broken.cpp")
        t.answer("Renamed; broken.cpp has other mistakes.", "已改名；broken.cpp 还有别的错误。")
        t.ask("Show me the whole file again.", "再给我看一遍整个文件。")
        t.read(path).read("broken.cpp")

    for part in range(4):
        t = begin("network")
        t.ask("Which addresses and ports does this machine have?", "这台机器有哪些地址和端口？")
        t.run("json", "ip -j addr | jq .").run("json", "ip -j -s link | jq .").run("table", "ss -tlnp; ss -s")
        t.run("json", "ip -j route | jq .; lsblk -J")
        t.answer("One address.", "一个地址。")
        t.ask("And its disks?", "磁盘呢？")
        t.run("json", "lsblk -J -O | head -c 20000" if part % 2 else "lsblk -J -o NAME,SIZE,TYPE,MOUNTPOINTS,FSTYPE,UUID")
        t.run("json", "findmnt -J").run("table", "df -h; free -m").run("table", "ps aux | head -80")

    for names in ("bash coreutils", "nginx git", "libc6 zlib1g", "python3 perl"):
        t = begin("packages")
        first, second = names.split()
        t.ask(f"What is {first}, and what does {second} need?", f"{first} 是什么？{second} 依赖什么？")
        t.run("report", f"apt-cache show {names}").run("table", "dpkg -l | head -250")
        t.run("report", f"apt-cache depends {second}; apt-cache policy {names}")
        t.answer("A package.", "一个软件包。")
        t.ask("Which files has it?", "它有哪些文件？")
        t.run("listing", f"dpkg -L {first}").run("report", f"apt-cache show {second}")
        t.run("json", "dpkg-query -W -f='{\"package\": \"${Package}\", \"version\": \"${Version}\", \"size\": \"${Installed-Size}\"}\\n'"
              " | head -150 | jq -s .")

    found = pages()
    for i in range(0, len(found) - 3, 4):
        t = begin("web")
        for k, page in enumerate(found[i:i + 4]):
            if k % 2 == 0:
                t.ask("What does the documentation say on this?", "文档里对此是怎么说的？")
            t.fetch("https://docs.example.org" + page[len("/usr/share/doc"):], page)
            if k % 2 == 1:
                t.answer("It is described there.", "那里有说明。")

    for kind in ("tail -n 240", "tail -n 120", "cat"):
        t = begin("logs")
        nginx = os.path.join(folder, "nginx")
        t.ask("Why do some requests fail?", "为什么有些请求失败？")
        t.run("log", f"{kind} {nginx}/access.log", f"{kind} /var/log/nginx/access.log")
        t.run("log", f"{kind} {nginx}/error.log", f"{kind} /var/log/nginx/error.log")
        t.answer("Some are denied, some are missing.", "有些被拒绝，有些不存在。")
        t.ask("And what was installed lately?", "最近安装了什么？")
        t.run("log", f"{kind} /var/log/dpkg.log | tail -n 300", f"{kind} /var/log/dpkg.log")
        if hearth:
            t.run("log", f"{kind} {hearth.log}", f"{kind} /var/log/hearth.log")

    for part in range(3 if hearth else 0):
        t = begin("hearth")
        t.ask("Is the box well?", "盒子运行正常吗？")
        t.run("json", hearth.command("status --json"), "hearth status --json")
        t.run("json", hearth.command("engines --json"), "hearth engines --json")
        t.run("json", hearth.command("explain placement --json"), "hearth explain placement --json")
        t.answer("Yes.", "正常。")
        t.ask("What was asked lately?", "最近有哪些请求？")
        t.run("json", hearth.command("explain call --json"), "hearth explain call --json")
        t.run("table", hearth.command("config show"), "hearth config show").run("json", hearth.command("status --json"),
                                                                               "hearth status --json")

    for reporter in ("tap", "spec", "tap"):
        t = begin("tests")
        t.ask("Do the tests pass?", "测试通过了吗？")
        t.run("build", f"node --test --test-reporter={reporter} sums.test.mjs").read("sums.test.mjs")
        t.edit("sums.test.mjs", lambda text: text.replace("i === 41 ? 83 : ", ""))
        t.run("build", f"node --test --test-reporter={reporter} sums.test.mjs")
        t.answer("They do now.", "现在通过了。")
        t.ask("Clone it afresh and look at package.json.", "重新克隆并查看 package.json。")
        t.run("report", "rm -rf ../copy; git clone --progress file://$PWD ../copy", "git clone --progress https://git.example.org/a ../copy")
        t.read("package.json").run("listing", "ls -la --color=always; git -c color.ui=always log --oneline -n 20")

    shots = pictures()
    for picture in shots[:3]:
        t = begin("picture")
        t.ask("What does the page look like?", "页面是什么样子？")
        url = "data:image/png;base64," + subprocess.run(["base64", "-w0", picture], stdout=subprocess.PIPE).stdout.decode()
        t.result("blob", "screenshot", {"page": "home"}, f"The page was loaded.\n{url}\n")
        t.run("blob", f"base64 {picture}", "base64 logo.png")
        t.answer("A logo.", "一个标志。")
        t.ask("Describe it as JSON.", "用 JSON 描述。")
        t.result("blob", "render", {"format": "json"}, json.dumps({"width": 64, "height": 64, "data": url.split(",")[1]}, indent=2))

    for package in ("coreutils", "git"):
        t = begin("data")
        t.ask("How large are the packages?", "这些软件包有多大？")
        t.run("table", "dpkg-query -W -f='${Package},${Version},${Installed-Size}\\n' | head -300")
        t.run("json", "python3 -m json.tool < package.json; node -p 'JSON.stringify(process.versions, null, 4)'")
        t.run("listing", f"find /usr/share/doc/{package} -ls; find src -name '*.h' | xargs wc -l")
        t.answer("Small ones.", "都很小。")
        t.ask("Where is the text?", "文本在哪里？")
        t.run("search", "grep -rn --color=always 'namespace' src | head -150").run("table", "du -ak src | sort -n | tail -120")
    if hearth:
        hearth.stop()
    return [t.done() for t in made]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    source = os.path.abspath(sys.argv[1])
    binaries = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else None
    folder = tempfile.mkdtemp(prefix="eval-trim-")
    try:
        transcripts = make_transcripts(source, folder, binaries)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        for transcript in transcripts:
            out.write(json.dumps(transcript, ensure_ascii=False) + "\n")
    sizes = [sum(len(m.get("content") or "") for m in t["messages"]) for t in transcripts]
    print(f"{len(transcripts)} transcripts, {sum(sizes)} characters", file=sys.stderr)


main()
