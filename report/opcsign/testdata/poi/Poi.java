// Apache POI as a second opinion on package signatures.
//
//   Poi verify FILE...                           prints "FILE PART true|false" for each signature of each file
//   Poi sign IN OUT KEY.pk8 CERT.der xades|plain signs with POI
//
// POI 4.0.1 needs the XMLBeans types of four schemas that Debian's package lacks; the test compiles them.

import java.io.ByteArrayInputStream;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.security.KeyFactory;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;

import org.apache.poi.openxml4j.opc.OPCPackage;
import org.apache.poi.openxml4j.opc.PackageAccess;
import org.apache.poi.poifs.crypt.HashAlgorithm;
import org.apache.poi.poifs.crypt.dsig.SignatureConfig;
import org.apache.poi.poifs.crypt.dsig.SignatureInfo;
import org.apache.poi.poifs.crypt.dsig.SignatureMarshalListener;
import org.apache.poi.poifs.crypt.dsig.SignaturePart;
import org.apache.poi.poifs.crypt.dsig.facets.KeyInfoSignatureFacet;
import org.apache.poi.poifs.crypt.dsig.facets.OOXMLSignatureFacet;
import org.apache.poi.poifs.crypt.dsig.facets.Office2010SignatureFacet;
import org.apache.poi.poifs.crypt.dsig.facets.XAdESSignatureFacet;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.events.Event;

public final class Poi {
    public static void main(String[] args) throws Exception {
        System.setProperty("org.apache.poi.util.POILogger", "org.apache.poi.util.NullLogger");
        if (args[0].equals("sign")) {
            sign(Paths.get(args[1]), Paths.get(args[2]), Paths.get(args[3]), Paths.get(args[4]), args[5].equals("xades"));
            return;
        }
        for (String file : Arrays.copyOfRange(args, 1, args.length)) {
            try {
                verify(file);
            } catch (Exception e) {
                System.out.println(file + " - false " + e);
            }
        }
    }

    private static void verify(String file) throws Exception {
        try (OPCPackage pkg = OPCPackage.open(new File(file), PackageAccess.READ)) {
            SignatureConfig config = new SignatureConfig();
            config.setOpcPackage(pkg);
            SignatureInfo info = new SignatureInfo();
            info.setSignatureConfig(config);
            try {
                info.verifySignature(); // registers POI's transforms; looks at the first signature only
            } catch (RuntimeException e) {
                // what is wrong shows below, for the signature it is wrong with
            }
            for (SignaturePart part : info.getSignatureParts()) {
                String says;
                try {
                    says = String.valueOf(part.validate());
                } catch (Exception e) {
                    says = "false " + e;
                }
                System.out.println(file + " " + part.getPackagePart().getPartName() + " " + says);
            }
        }
    }

    private static void sign(Path in, Path out, Path key, Path cert, boolean xades) throws Exception {
        Files.copy(in, out, StandardCopyOption.REPLACE_EXISTING);
        SignatureConfig config = new SignatureConfig();
        config.setKey(KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(key))));
        config.setSigningCertificateChain(Collections.singletonList((X509Certificate) CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(cert)))));
        config.setDigestAlgo(HashAlgorithm.sha256);
        config.setSignatureMarshalListener(new WholeSubtree());
        config.addSignatureFacet(new OOXMLSignatureFacet());
        config.addSignatureFacet(new KeyInfoSignatureFacet());
        if (xades) {
            config.addSignatureFacet(new XAdESSignatureFacet());
            config.addSignatureFacet(new Office2010SignatureFacet());
        }
        try (OPCPackage pkg = OPCPackage.open(out.toFile(), PackageAccess.READ_WRITE)) {
            config.setOpcPackage(pkg);
            SignatureInfo info = new SignatureInfo();
            info.setSignatureConfig(config);
            info.confirmSignature();
        }
    }

    // POI expects to hear of every element that is inserted. Santuario since 2.1.3 inserts whole subtrees with one event
    // (POI bug 63712), so ids, prefixes and declarations are set for all that came with it.
    private static final class WholeSubtree extends SignatureMarshalListener {
        private static final String[][] PREFIXES = {
            {"http://schemas.openxmlformats.org/package/2006/digital-signature", "mdssi"},
            {"http://uri.etsi.org/01903/v1.3.2#", "xd"},
            {"http://schemas.microsoft.com/office/2006/digsig", ""},
        };
        private boolean changing; // our own changes raise events too

        @Override
        public void handleEvent(Event event) {
            if (changing) {
                return;
            }
            changing = true;
            try {
                Deque<Node> todo = new ArrayDeque<>();
                todo.push((Node) event.getTarget());
                while (!todo.isEmpty()) {
                    Node node = todo.pop();
                    if (node instanceof Element) {
                        finish((Element) node);
                    }
                    for (Node child = node.getLastChild(); child != null; child = child.getPreviousSibling()) {
                        todo.push(child);
                    }
                }
            } finally {
                changing = false;
            }
        }

        private static void finish(Element element) {
            if (element.hasAttribute("Id")) {
                element.setIdAttribute("Id", true);
            }
            for (String[] p : PREFIXES) {
                if (!p[0].equals(element.getNamespaceURI())) {
                    continue;
                }
                String declaration = p[1].isEmpty() ? "xmlns" : "xmlns:" + p[1];
                Node parent = element.getParentNode();
                boolean inherited = parent != null && p[0].equals(parent.getNamespaceURI());
                if (!p[1].isEmpty()) {
                    element.setPrefix(p[1]);
                }
                if (!inherited && !element.hasAttribute(declaration)) {
                    element.setAttributeNS("http://www.w3.org/2000/xmlns/", declaration, p[0]);
                }
            }
        }
    }
}
