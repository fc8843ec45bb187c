"""LibreOffice as a second opinion on package signatures.

usage: office.py verify PROFILE FILE...   prints what it says of each file's signatures, one line of JSON per file
       office.py sign PROFILE FILE...     signs each file in place, with the one certificate in the folder
                                          that MOZILLA_CERTIFICATE_FOLDER names

Starts LibreOffice without a display in the profile folder, speaks to it over UNO, and ends the LibreOffice it started.
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


READ, READ_WRITE = 1, 7  # com.sun.star.embed.ElementModes


def service(office, name, *arguments):
    if arguments:
        return office.ServiceManager.createInstanceWithArgumentsAndContext(name, arguments, office)
    return office.ServiceManager.createInstanceWithContext(name, office)


def storage(office, path, mode):
    access = service(office, "com.sun.star.ucb.SimpleFileAccess")
    url = uno.systemPathToFileUrl(path)
    stream = access.openFileRead(url) if mode == READ else access.openFileReadWrite(url)
    as_zip = PropertyValue()
    as_zip.Name, as_zip.Value = "StorageFormat", "ZipFormat"
    arguments = (stream, mode, uno.Any("[]com.sun.star.beans.PropertyValue", (as_zip,)))
    return uno.invoke(service(office, "com.sun.star.embed.StorageFactory"), "createInstanceWithArguments", (arguments,))


def verify(office, path):
    checker = service(office, "com.sun.star.security.DocumentDigitalSignatures", "1.2", True)
    return [{"valid": s.SignatureIsValid, "signer": s.Signer.SubjectName if s.Signer else "", "date": s.SignatureDate}
            for s in checker.verifyDocumentContentSignatures(storage(office, path, READ), None)]


def sign(office, path):
    context = service(office, "com.sun.star.xml.crypto.SEInitializer").createSecurityContext("")
    certificate, = context.getSecurityEnvironment().getPersonalCertificates()
    signer = service(office, "com.sun.star.security.DocumentDigitalSignatures", "1.2", False)
    document = storage(office, path, READ_WRITE)
    if not signer.signDocumentWithCertificate(certificate, document, None):
        raise RuntimeError("LibreOffice did not sign")
    document.commit()
    return []


def main(command, profile, paths):
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
                print(json.dumps({"file": path, "signatures": command(office, path)}), flush=True)
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
    main({"verify": verify, "sign": sign}[sys.argv[1]], sys.argv[2], sys.argv[3:])
