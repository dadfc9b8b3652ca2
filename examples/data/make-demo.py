#!/usr/bin/env python3
"""Makes the demonstration image, `demo.oci.tar`, beside this file.

    examples/data/make-demo.py [--work DIR]

A small real image: files of Debian packages, wheels, npm packages, jars, a Go and a Rust binary, each fetched
or built by its own package manager (apt, pip, npm, mvn, go, cargo), in five gzip layers of an OCI layout. Old
versions with well-known flaws on purpose, and a few things nobody should ship: a private key, credentials, a
setuid program. Every secret in it is made up. `flatmap-stream` is a stand-in: the real package was malicious
and has been taken down, so only its name and version are here.

Needs a Debian 12 machine with apt, python3, pip, npm, mvn, go and cargo. Times, owners and order are fixed; the
throw-away key, and packages that have moved on, change the bytes from run to run.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
EPOCH = 1_700_000_000
DEBIAN = ["base-files", "dash", "libtinfo6", "netbase", "python3-urllib3", "zlib1g"]
WHEELS = ["jinja2==2.11.0", "requests==2.25.0", "urllib3==1.26.4", "werkzeug==1.0.1"]
NPM = ["json5@1.0.1", "minimist@0.0.8", "path-parse@1.0.6", "qs@6.5.1", "semver@5.7.0", "y18n@4.0.0"]
NPM_LATER = ["path-parse@1.0.7"]
JARS = [("org.apache.commons", "commons-text", "1.9"), ("org.yaml", "snakeyaml", "1.26")]
GO_MODULES = {
    "github.com/dgrijalva/jwt-go": "v3.2.0+incompatible",
    "golang.org/x/text": "v0.3.2",
    "gopkg.in/yaml.v2": "v2.2.2",
}
SITE = "usr/local/lib/python3.11/site-packages"


def run(*command, cwd=None, **env):
    subprocess.run(command, cwd=cwd, check=True, stdout=sys.stderr, env={**os.environ, **env})


class Layer:
    """Files of one layer: path -> (mode, kind, content or link target)."""

    def __init__(self, step):
        self.step = step
        self.entries = {}

    def add(self, path, data, mode=0o644):
        self.entries[path] = (mode, tarfile.REGTYPE, data if isinstance(data, bytes) else data.encode())

    def link(self, path, target):
        self.entries[path] = (0o777, tarfile.SYMTYPE, target)

    def tree(self, source, at, keep=lambda path: True):
        for path in sorted(p for p in Path(source).rglob("*") if keep(p.relative_to(source).as_posix())):
            inside = f"{at}/{path.relative_to(source).as_posix()}".lstrip("/")
            if path.is_symlink():
                self.link(inside, os.readlink(path))
            elif path.is_file():
                self.add(inside, path.read_bytes(), path.stat().st_mode & 0o7777)

    def remove(self, path):
        folder, _, name = path.rpartition("/")
        self.add(f"{folder}/.wh.{name}", b"")

    def tar(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
            folders = sorted({"/".join(p.split("/")[:i]) for p in self.entries for i in range(1, p.count("/") + 1)})
            for name in sorted([*folders, *self.entries]):
                info = tarfile.TarInfo(name)
                info.mtime = EPOCH
                if name in self.entries:
                    info.mode, info.type, content = self.entries[name]
                    if info.type == tarfile.SYMTYPE:
                        info.linkname = content
                        archive.addfile(info)
                    else:
                        info.size = len(content)
                        archive.addfile(info, io.BytesIO(content))
                else:
                    info.type, info.mode = tarfile.DIRTYPE, 0o755
                    archive.addfile(info)
        return out.getvalue()


def debian(work):
    layer = Layer("debian packages: " + " ".join(DEBIAN))
    debs = work / "debs"
    debs.mkdir()
    run("apt-get", "download", *DEBIAN, cwd=debs)
    status = []
    for deb in sorted(debs.glob("*.deb")):
        root = work / "deb" / deb.stem
        root.mkdir(parents=True)
        run("dpkg-deb", "-x", str(deb), str(root))
        control = subprocess.run(["dpkg-deb", "-f", str(deb)], check=True, capture_output=True, text=True).stdout
        name = control.split("\n", 1)[0].split(": ")[1]
        if "Multi-Arch: same" in control:
            arch = [line for line in control.splitlines() if line.startswith("Architecture: ")][0].split(": ")[1]
            listed = f"{name}:{arch}"
        else:
            listed = name
        head, rest = control.split("\n", 1)
        status.append(f"{head}\nStatus: install ok installed\n{rest}")
        paths = sorted("/" + p.relative_to(root).as_posix() for p in root.rglob("*"))
        layer.add(f"var/lib/dpkg/info/{listed}.list", "\n".join(["/.", *paths]) + "\n")
        layer.tree(root, "", keep=lambda p: not p.startswith(("usr/share/doc/", "usr/share/man/", "usr/share/lintian/",
                                                              "usr/share/bug/", "usr/share/common-licenses/")))
    layer.add("var/lib/dpkg/status", "\n".join(status) + "\n")
    layer.add("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")
    return layer


def languages(work):
    layer = Layer("RUN pip install … && npm install …")
    wheels = work / "site"
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--target", str(wheels), *WHEELS)
    layer.tree(wheels, SITE, keep=lambda p: "__pycache__" not in p)
    npm(work, layer, NPM)
    folder = "srv/app/node_modules/flatmap-stream"
    layer.add(f"{folder}/package.json", json.dumps({"name": "flatmap-stream", "version": "0.1.1",
                                                    "description": "stand-in for a package that was taken down"}) + "\n")
    layer.add("srv/app/package.json", json.dumps({"name": "demo-app", "version": "1.0.0", "private": True}) + "\n")
    return layer


def npm(work, layer, packages):
    packed = work / "npm"
    packed.mkdir(exist_ok=True)
    for spec in packages:
        name = spec.split("@")[0]
        done = subprocess.run(["npm", "pack", "--silent", spec], cwd=packed, check=True, capture_output=True, text=True)
        tgz = packed / done.stdout.strip().splitlines()[-1]
        with tarfile.open(tgz) as archive:
            for member in archive.getmembers():
                inside = member.name.partition("/")[2]
                if member.isfile() and not inside.startswith(("test/", "tests/", "dist/", "example/", ".")):
                    layer.add(f"srv/app/node_modules/{name}/{inside}", archive.extractfile(member).read())


def binaries(work):
    layer = Layer("COPY bin/ /usr/local/bin/, COPY *.jar /opt/app/")
    go = work / "go"
    go.mkdir()
    (go / "go.mod").write_text("module demo.example/hello\n\ngo 1.20\n\nrequire (\n"
                               + "".join(f"\t{m} {v}\n" for m, v in GO_MODULES.items()) + ")\n")
    (go / "main.go").write_text('package main\n\nimport (\n\t_ "github.com/dgrijalva/jwt-go"\n'
                                '\t_ "golang.org/x/text/language"\n\t_ "gopkg.in/yaml.v2"\n)\n\n'
                                'func main() { println("hello") }\n')
    run("go", "mod", "tidy", cwd=go)
    run("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", "hello", ".", cwd=go, CGO_ENABLED="0")
    layer.add("usr/local/bin/hello", (go / "hello").read_bytes(), 0o755)

    rust = work / "rust"
    (rust / "src").mkdir(parents=True)
    (rust / "Cargo.toml").write_text('[package]\nname = "greeter"\nversion = "0.1.0"\nedition = "2021"\n\n'
                                     '[dependencies]\nsmallvec = "=0.6.13"\ntime = "=0.1.42"\n\n'
                                     '[profile.release]\nopt-level = "z"\nlto = true\nstrip = true\npanic = "abort"\n')
    (rust / "src" / "main.rs").write_text('fn main() {\n    let v: smallvec::SmallVec<[i64; 2]> = '
                                          'std::iter::once(time::get_time().sec).collect();\n    println!("{}", v.len());\n}\n')
    run("cargo", "install", "--quiet", "--locked", "--root", str(work / "tools"), "cargo-auditable")
    run(str(work / "tools/bin/cargo-auditable"), "auditable", "build", "--quiet", "--release", cwd=rust,
        PATH=f"{work}/tools/bin:{os.environ['PATH']}")
    layer.add("usr/local/bin/greeter", (rust / "target/release/greeter").read_bytes(), 0o755)

    fat = io.BytesIO()
    with zipfile.ZipFile(fat, "w") as jar:
        def put(name, data, how=zipfile.ZIP_DEFLATED):
            info = zipfile.ZipInfo(name, (2023, 11, 14, 22, 13, 20))
            info.compress_type = how
            jar.writestr(info, data)
        put("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nImplementation-Title: demo-app\r\n"
                                    "Implementation-Version: 1.0.0\r\n\r\n")
        put("META-INF/maven/example.demo/demo-app/pom.properties", "groupId=example.demo\nartifactId=demo-app\nversion=1.0.0\n")
        for group, artifact, version in JARS:
            run("mvn", "-q", "dependency:copy", f"-Dartifact={group}:{artifact}:{version}", f"-DoutputDirectory={work}/jars",
                "-Dmdep.useBaseVersion=true", cwd=work)
            put(f"BOOT-INF/lib/{artifact}-{version}.jar", (work / f"jars/{artifact}-{version}.jar").read_bytes(), zipfile.ZIP_STORED)
    layer.add("opt/app/demo-app.jar", fat.getvalue())
    return layer


def careless(work):
    layer = Layer("COPY config/ /srv/app/")
    key = work / "key.pem"
    run("openssl", "genrsa", "-traditional", "-out", str(key), "1024")
    layer.add("srv/app/tls/server.key", key.read_bytes(), 0o644)
    layer.add("srv/app/.env", "DATABASE_URL=postgres://db.example/app\nDATABASE_PASSWORD=" + "tide-" + "4711-mast\nDEBUG=false\n")
    layer.add("srv/app/deploy-token.txt", "ghp_" + "Zq7rT2vX9bN4mK6pL8wS3dF5gH1jC0yA2eUo" + "\n")
    layer.add("usr/local/bin/backup", b"#!/bin/sh\nexec tar cf /var/backups/app.tar /srv/app\n", 0o4755)
    layer.add("usr/local/bin/rotate", b"#!/bin/sh\nexec mv /var/log/app.log /var/log/app.log.1\n", 0o777)
    return layer


def cleanup(work):
    layer = Layer("RUN rm deploy-token.txt && pip uninstall werkzeug && npm install path-parse@1.0.7")
    for name in ("werkzeug", "Werkzeug-1.0.1.dist-info"):
        layer.remove(f"{SITE}/{name}")
    layer.remove("srv/app/deploy-token.txt")
    npm(work, layer, NPM_LATER)
    return layer


def layout(layers, out):
    blobs = {}

    def blob(data, media):
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(data)}

    descriptors, diff_ids, history = [], [], []
    for layer in layers:
        tar = layer.tar()
        diff_ids.append("sha256:" + hashlib.sha256(tar).hexdigest())
        descriptors.append(blob(gzip.compress(tar, 9, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip"))
        history.append({"created": "2023-11-14T22:13:20Z", "created_by": layer.step})
    config = {
        "architecture": "amd64", "os": "linux", "created": "2023-11-14T22:13:20Z",
        "config": {"Entrypoint": ["/usr/local/bin/hello"], "ExposedPorts": {"8080/tcp": {}}, "WorkingDir": "/srv/app",
                   "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "API_TOKEN=" + "keel-" + "90210-harbour-light"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history,
    }
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": blob(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"), "layers": descriptors}
    top = blob(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    top["platform"] = {"architecture": "amd64", "os": "linux"}
    top["annotations"] = {"org.opencontainers.image.ref.name": "hullmark/demo:1"}
    files = {"oci-layout": json.dumps({"imageLayoutVersion": "1.0.0"}).encode(),
             "index.json": json.dumps({"schemaVersion": 2, "manifests": [top]}).encode()}
    files.update({f"blobs/sha256/{digest}": data for digest, data in blobs.items()})
    with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in sorted(files.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(data), EPOCH, 0o644
            archive.addfile(info, io.BytesIO(data))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--work", type=Path, default=Path("target/demo"), help="scratch folder, emptied first")
    work = parser.parse_args().work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    out = HERE / "demo.oci.tar"
    layout([debian(work), languages(work), binaries(work), careless(work), cleanup(work)], out)
    print(f"{out}: {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
