//go:build integration

package opcsign

import (
	"archive/zip"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// poiJars are what POI needs to verify and sign, from these Debian packages.
var (
	poiJars = []string{"poi-ooxml", "poi", "poi-ooxml-schemas", "xmlbeans", "xmlsec", "bcprov", "bcpkix", "bcutil", "commons-codec", "commons-collections4",
		"commons-compress", "commons-math3", "commons-logging", "slf4j-api", "slf4j-nop", "woodstox-core", "stax2-api", "jaxb-api", "javax.activation", "Saxon-HE"}
	poiPackages = []string{"libapache-poi-java", "libxml-security-java", "libxmlbeans-java", "libsaxonhe-java", "libbcprov-java", "libbcpkix-java", "libbcutil-java",
		"libcommons-codec-java", "libcommons-collections4-java", "libcommons-compress-java", "libcommons-math3-java", "libcommons-logging-java", "libslf4j-java",
		"libwoodstox-java", "libstax2-api-java", "libjaxb-api-java", "libactivation-java", "default-jdk-headless"}
)

func jar(name string) string { return "/usr/share/java/" + name + ".jar" }

// poi gives the class path of testdata/poi/Poi.java, compiled. Debian's POI lacks the XMLBeans types of the signature's
// schemas, which are compiled too. The result stays in the user's cache, under the hash of what it was made from.
func poi(t *testing.T) string {
	t.Helper()
	jars := make([]string, len(poiJars))
	for i, n := range poiJars {
		jars[i] = jar(n)
	}
	need(t, func() bool { return files(jars...)() && program("java", "javac")() }, poiPackages...)
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = t.TempDir()
	}
	sum := sha256.New()
	sources := must(filepath.Glob("testdata/poi/*"))
	for _, f := range append(sources, jar("poi-ooxml"), jar("xmlbeans")) {
		sum.Write(must(os.ReadFile(f)))
	}
	dir := filepath.Join(cache, "rollcall-test", fmt.Sprintf("poi-%x", sum.Sum(nil)[:6]))
	classpath := strings.Join(append([]string{filepath.Join(dir, "schemas.jar"), filepath.Join(dir, "classes")}, jars...), ":")
	if _, err := os.Stat(dir); err == nil {
		return classpath
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	part := must(os.MkdirTemp(filepath.Dir(dir), "part-"))
	defer os.RemoveAll(part)
	buildPOI(t, part, jars)
	if err := os.Rename(part, dir); err != nil {
		if _, there := os.Stat(dir); there != nil { // another test run was not first either
			t.Fatal(err)
		}
	}
	return classpath
}

func buildPOI(t *testing.T, dir string, jars []string) {
	t.Helper()
	z := must(zip.OpenReader(jar("xmlsec")))
	defer z.Close()
	dsig := must(io.ReadAll(must(z.Open("bindings/schemas/xmldsig-core-schema.xsd")))) // the W3C's
	write(t, dir, "xmldsig-core-schema.xsd", dsig)
	for _, n := range []string{"package.xsd", "office.xsd", "xades.xsd"} {
		write(t, dir, n, must(os.ReadFile(filepath.Join("testdata/poi", n))))
	}
	compile := exec.Command("java", "-cp", jar("xmlbeans")+":"+jar("Saxon-HE"), "org.apache.xmlbeans.impl.tool.SchemaCompiler", "-out", "schemas.jar",
		"-name", "opcsign", "-noupa", "-nopvr", "-quiet", "xmldsig-core-schema.xsd", "package.xsd", "office.xsd", "xades.xsd")
	compile.Dir = dir
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("compile the schemas: %v\n%s", err, out)
	}
	run(t, "javac", "-nowarn", "-cp", filepath.Join(dir, "schemas.jar")+":"+strings.Join(jars, ":"), "-d", filepath.Join(dir, "classes"), "testdata/poi/Poi.java")
}

// TestIntegrationPOI: Apache POI accepts what is signed here, and refuses what was tampered with.
func TestIntegrationPOI(t *testing.T) {
	classpath := poi(t)
	all := samples(t, true)
	args := []string{"-cp", classpath, "Poi", "verify"}
	for _, s := range all {
		args = append(args, s.path)
	}
	verdicts := map[string]string{}
	for line := range strings.Lines(run(t, "java", args...)) {
		if f := strings.SplitN(strings.TrimSpace(line), " ", 3); len(f) == 3 {
			verdicts[f[0]] = f[2]
		}
	}
	judge(t, all, func(path string) (bool, string) { return verdicts[path] == "true", verdicts[path] })
}

// TestIntegrationPOISigns: what POI signs is accepted here, but for what POI leaves unsigned.
func TestIntegrationPOISigns(t *testing.T) {
	classpath, dir := poi(t), t.TempDir()
	key := write(t, dir, "key.pk8", must(x509.MarshalPKCS8PrivateKey(rsaID().key)))
	for _, mode := range []string{"xades", "plain"} {
		t.Run(mode, func(t *testing.T) {
			id := newIdentity("POI's signer", rsaID().key, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now().AddDate(0, 0, -1), now().AddDate(0, 0, 1) })
			cert := write(t, dir, mode+".der", id.cert.Raw)
			trust := VerifyOptions{Certificates: []*x509.Certificate{id.cert}}
			sign := func(name string, entries []Entry) []byte {
				in, out := write(t, dir, mode+name+"-in.xlsx", pack(t, entries)), filepath.Join(dir, mode+name+"-out.xlsx")
				run(t, "java", "-cp", classpath, "Poi", "sign", in, out, key, cert, mode)
				return must(os.ReadFile(out))
			}
			data := sign("", remove(relativeTargets(t), "xl/worksheets/_rels/sheet1.xml.rels"))
			if r := verified(t, data, trust); !r.OK() {
				t.Error(reportText(r))
			}
			e := replace(t, unpack(t, data), "xl/worksheets/sheet1.xml", "first", "fIrst")
			if r := verified(t, pack(t, e), trust); r.OK() || !strings.Contains(reportText(r), "parts: fails: /xl/worksheets/sheet1.xml") {
				t.Errorf("a changed cell:\n%s", reportText(r))
			}
			// POI does not sign external links, by which anything could be added; only that is wrong with it.
			r := verified(t, sign("-link", relativeTargets(t)), trust)
			for c := range r.All() {
				if c.State == Fails && (c.Aspect != AspectCoverage || c.Part != "/xl/worksheets/_rels/sheet1.xml.rels") {
					t.Error(c)
				}
			}
			if r.OK() {
				t.Error("POI signs external links now: say so in the comment")
			}
		})
	}
}

// relativeTargets is a package that POI saves as it signs it: it rewrites absolute targets after it has hashed them.
func relativeTargets(t *testing.T) []Entry {
	return replace(t, handmade(), "xl/_rels/workbook.xml.rels", "/xl/worksheets/sheet2.xml", "worksheets/sheet2.xml")
}
