package opcsign

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Timestamp tokens: CMS signed data (RFC 5652) around a TSTInfo (RFC 3161 §2.4.2).

// maxToken bounds a token; genuine ones have some thousand bytes.
const maxToken = 256 << 10

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // RFC 2634
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // RFC 5035
)

var oidHashes = map[string]crypto.Hash{
	"1.3.14.3.2.26": crypto.SHA1, "2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384, "2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// oidSignatures are signature algorithms with their hash; 0: the digest algorithm says it.
var oidSignatures = map[string]crypto.Hash{
	"1.2.840.113549.1.1.1": 0, "1.2.840.10045.2.1": 0,
	"1.2.840.113549.1.1.5": crypto.SHA1, "1.2.840.113549.1.1.11": crypto.SHA256,
	"1.2.840.113549.1.1.12": crypto.SHA384, "1.2.840.113549.1.1.13": crypto.SHA512,
	"1.2.840.10045.4.1": crypto.SHA1, "1.2.840.10045.4.3.2": crypto.SHA256,
	"1.2.840.10045.4.3.3": crypto.SHA384, "1.2.840.10045.4.3.4": crypto.SHA512,
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content signedData `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version    int
	Algorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Content    struct {
		Type  asn1.ObjectIdentifier
		Bytes []byte `asn1:"explicit,optional,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version   int
	ID        asn1.RawValue
	Digest    pkix.AlgorithmIdentifier
	Signed    asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm pkix.AlgorithmIdentifier
	Value     []byte
	Unsigned  asn1.RawValue `asn1:"optional,tag:1"`
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

type messageImprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Hashed    []byte
}

type tstInfo struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  messageImprint
	Serial   *big.Int
	Time     time.Time `asn1:"generalized"`
	Accuracy struct {
		Seconds int `asn1:"optional"`
		Millis  int `asn1:"optional,tag:0"`
		Micros  int `asn1:"optional,tag:1"`
	} `asn1:"optional"`
	Ordering   bool          `asn1:"optional"`
	Nonce      *big.Int      `asn1:"optional"`
	Authority  asn1.RawValue `asn1:"optional,explicit,tag:0"`
	Extensions asn1.RawValue `asn1:"optional,tag:1"`
}

// token is a timestamp whose signature its certificate confirms.
type token struct {
	time    time.Time
	hash    crypto.Hash // of the imprint
	imprint []byte
	nonce   *big.Int
	signer  *x509.Certificate
	others  []*x509.Certificate
	weak    bool // SHA-1 in the imprint or the signature
}

// parseToken reads a token and checks its signature. Whether its authority is trusted is another question.
func parseToken(raw []byte) (*token, error) {
	if len(raw) > maxToken {
		return nil, fmt.Errorf("it is larger than %d KiB", maxToken>>10)
	}
	der, err := derOf(raw)
	var ci contentInfo
	if err == nil {
		_, err = asn1.Unmarshal(der, &ci)
	}
	if err != nil {
		return nil, fmt.Errorf("it is not a timestamp token (%w)", err)
	}
	sd := &ci.Content
	if !ci.Type.Equal(oidSignedData) || !sd.Content.Type.Equal(oidTSTInfo) || len(sd.Signers) != 1 {
		return nil, errors.New("it is not a timestamp with one signer")
	}
	var info tstInfo
	if rest, err := asn1.Unmarshal(sd.Content.Bytes, &info); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("what it states cannot be read (%v)", err)
	}
	t := &token{time: info.Time.UTC(), hash: oidHashes[info.Imprint.Algorithm.Algorithm.String()], imprint: info.Imprint.Hashed, nonce: info.Nonce}
	if t.hash == 0 {
		return nil, fmt.Errorf("its imprint uses the unknown hash %v", info.Imprint.Algorithm.Algorithm)
	}
	t.weak = t.hash == crypto.SHA1
	return t, t.checkSigner(sd)
}
