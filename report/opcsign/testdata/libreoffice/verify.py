"""LibreOffice as a second opinion on package signatures.

usage: verify.py PROFILE FILE...

Starts LibreOffice without a display in the profile folder, asks it over UNO for the signatures of each file, prints one
line of JSON per file, and ends the LibreOffice it started.
"""
import json
import os
import signal
import subprocess
import sys
import time

import uno
from com.sun.star.beans import PropertyValue


def connect(process, pipe):
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            return resolver.resolve("uno:pipe,name=%s;urp;StarOffice.ComponentContext" % pipe)
        except Exception:
            if process.poll() not in (None, 0, 81):  # 81: it made its profile and starts again
                break
            time.sleep(0.2)
    sys.exit("LibreOffice did not start")


def signatures(office, path):
    create = office.ServiceManager.createInstanceWithContext
    stream = create("com.sun.star.ucb.SimpleFileAccess", office).openFileRead(uno.systemPathToFileUrl(path))
    as_zip = PropertyValue()
    as_zip.Name, as_zip.Value = "StorageFormat", "ZipFormat"
    arguments = (stream, 1, uno.Any("[]com.sun.star.beans.PropertyValue", (as_zip,)))  # 1: ElementModes.READ
    storage = uno.invoke(create("com.sun.star.embed.StorageFactory", office), "createInstanceWithArguments", (arguments,))
    checker = office.ServiceManager.createInstanceWithArgumentsAndContext(
        "com.sun.star.security.DocumentDigitalSignatures", ("1.2", True), office)
    return [{"valid": s.SignatureIsValid, "signer": s.Signer.SubjectName if s.Signer else "", "date": s.SignatureDate}
            for s in checker.verifyDocumentContentSignatures(storage, None)]


def main(profile, paths):
    pipe = "opcsign%d" % os.getpid()
    process = subprocess.Popen(
        ["soffice", "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck",
         "-env:UserInstallation=" + uno.systemPathToFileUrl(profile), "--accept=pipe,name=%s;urp;" % pipe],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env=dict(os.environ, HOME=profile, SAL_USE_VCLPLUGIN="svp"))
    try:
        office = connect(process, pipe)
        for path in paths:
            try:
                print(json.dumps({"file": path, "signatures": signatures(office, path)}), flush=True)
            except Exception as e:
                print(json.dumps({"file": path, "error": str(e)}), flush=True)
        try:
            office.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", office).terminate()
            process.wait(10)
        except Exception:
            pass
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # the group of the process started above
        except ProcessLookupError:
            pass


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
