package tsa

import (
	"bytes"
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// The messages of RFC 3161 §2.4, as far as they are needed here.

type query struct {
	Version     int
	Imprint     imprintOf
	Nonce       *big.Int
	Certificate bool
}

type imprintOf struct {
	Algorithm pkix.AlgorithmIdentifier
	Hash      []byte
}

type reply struct {
	Status struct {
		Code int
		Text []asn1.RawValue `asn1:"optional"`
		Fail asn1.BitString  `asn1:"optional"`
	}
	Token asn1.RawValue `asn1:"optional"`
}

// contentInfo and signedData are CMS (RFC 5652); what stands behind the certificates is not looked at.
type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content signedData `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version    int
	Algorithms asn1.RawValue
	Content    struct {
		Type  asn1.ObjectIdentifier
		Bytes []byte `asn1:"explicit,optional,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
}

// info is TSTInfo: what the authority signs.
type info struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  imprintOf
	Serial   *big.Int
	Time     asn1.RawValue
	Accuracy struct {
		Seconds, Millis, Micros asn1.RawValue `asn1:"optional"`
	} `asn1:"optional"`
	Ordering bool     `asn1:"optional"`
	Nonce    *big.Int `asn1:"optional"`
}

var (
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidHashes     = map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
		crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
	}
)

func encodeQuery(imprint []byte, hash crypto.Hash, nonce *big.Int) ([]byte, error) {
	oid, ok := oidHashes[hash]
	if !ok || len(imprint) != hash.Size() {
		return nil, fmt.Errorf("an imprint of %d bytes made with %v: want SHA-256, SHA-384 or SHA-512", len(imprint), hash)
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.NullRawValue}
	return asn1.Marshal(query{Version: 1, Imprint: imprintOf{algorithm, imprint}, Nonce: nonce, Certificate: true})
}

var errNotReply = errors.New("what answers there is no timestamp authority: the answer is not one of RFC 3161")

// tokenOf takes the token out of a reply, if it is granted and answers this query.
func tokenOf(answer, imprint []byte, hash crypto.Hash, nonce *big.Int) ([]byte, error) {
	var r reply
	if rest, err := asn1.Unmarshal(answer, &r); err != nil || len(rest) > 0 {
		return nil, errNotReply
	}
	if r.Status.Code != granted && r.Status.Code != grantedWithMods {
		return nil, r.refusal()
	}
	i, err := infoOf(r.Token.FullBytes)
	switch {
	case err != nil:
		return nil, err
	case !i.Imprint.Algorithm.Algorithm.Equal(oidHashes[hash]) || !bytes.Equal(i.Imprint.Hash, imprint):
		return nil, errors.New("the timestamp authority's token is for something else than what was sent: it is not used")
	case i.Nonce == nil || i.Nonce.Cmp(nonce) != 0:
		return nil, errors.New("the timestamp authority's token answers another request (the nonce differs): somebody may be replaying it; it is not used")
	}
	return r.Token.FullBytes, nil
}

// infoOf finds what a token states.
func infoOf(token []byte) (*info, error) {
	if len(token) == 0 {
		return nil, errors.New("the timestamp authority grants a token and sends none")
	}
	var ci contentInfo
	rest, err := asn1.Unmarshal(token, &ci)
	if err != nil || len(rest) > 0 || !ci.Type.Equal(oidSignedData) || !ci.Content.Content.Type.Equal(oidInfo) {
		return nil, errors.New("the timestamp authority's token is damaged, or not DER")
	}
	var i info
	if rest, err := asn1.Unmarshal(ci.Content.Content.Bytes, &i); err != nil || len(rest) > 0 {
		return nil, errors.New("what the timestamp authority's token states cannot be read")
	}
	if len(ci.Content.Certificates.Bytes) == 0 {
		return nil, errors.New("the timestamp authority's token lacks its certificate, which was asked for: it could not be checked later")
	}
	return &i, nil
}

// Status codes that come with a token.
const (
	granted         = 0
	grantedWithMods = 1
)

var statusWords = map[int]string{2: "it rejects the request", 3: "it has not decided yet (waiting)",
	4: "a revocation is imminent", 5: "a revocation has occurred"}

// failWords are the bits of PKIFailureInfo that RFC 3161 knows.
var failWords = []struct {
	bit  int
	text string
}{
	{0, "it does not know or support the hash algorithm (badAlg)"},
	{2, "it does not permit or support this kind of request (badRequest)"},
	{5, "it cannot read the request (badDataFormat)"},
	{14, "its source of time is not available (timeNotAvailable)"},
	{15, "it does not support the policy asked for (unacceptedPolicy)"},
	{16, "it does not support an extension asked for (unacceptedExtension)"},
	{17, "it does not understand or have the additional information asked for (addInfoNotAvailable)"},
	{25, "it has a fault of its own (systemFailure)"},
}

// refusal says why there is no token, in our words and, quoted, in the authority's.
func (r *reply) refusal() error {
	words, ok := statusWords[r.Status.Code]
	if !ok {
		words = fmt.Sprintf("status %d, which RFC 3161 does not know", r.Status.Code)
	}
	for _, f := range failWords {
		if r.Status.Fail.At(f.bit) == 1 {
			words += ": " + f.text
		}
	}
	var said []string
	for _, t := range r.Status.Text {
		said = append(said, fmt.Sprintf("%.200q", t.Bytes))
	}
	if len(said) > 0 {
		words += "; it says " + strings.Join(said[:min(len(said), 3)], ", ")
	}
	return fmt.Errorf("the timestamp authority gives no token: %s", words)
}
