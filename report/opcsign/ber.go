package opcsign

import "errors"

// derOf turns BER into DER as far as CMS needs it: lengths that were left open are written out, and octet strings in
// pieces are joined. Some timestamp authorities send tokens so (RFC 5652 §2 allows it). What is DER already stays as it is.
func derOf(ber []byte) ([]byte, error) {
	d := berReader{data: ber}
	out, err := d.value(0)
	if err == nil && d.at != len(ber) {
		for _, b := range ber[d.at:] { // some signers pad the token with zeros
			if b != 0 {
				return nil, errBER
			}
		}
	}
	return out, err
}

var errBER = errors.New("it is not BER")

type berReader struct {
	data []byte
	at   int
}

// maxBERDepth is twice what a token with its certificates has.
const maxBERDepth = 48

// value reads one value and gives it in DER.
func (d *berReader) value(depth int) ([]byte, error) {
	if depth > maxBERDepth || d.at+2 > len(d.data) {
		return nil, errBER
	}
	tag := d.data[d.at]
	if tag&0x1f == 0x1f {
		return nil, errBER // CMS has no tags over 30
	}
	d.at++
	length, open, err := d.length()
	if err != nil {
		return nil, err
	}
	if tag&0x20 == 0 {
		if open {
			return nil, errBER
		}
		d.at += length
		return tlv(tag, d.data[d.at-length:d.at]), nil
	}
	content, err := d.content(depth, length, open, tag == 0x24)
	if err != nil {
		return nil, err
	}
	if tag == 0x24 { // an octet string in pieces
		tag = 0x04
	}
	return tlv(tag, content), nil
}

// content reads the values inside one; pieces gives their contents joined.
func (d *berReader) content(depth, length int, open, pieces bool) ([]byte, error) {
	var out []byte
	for end := d.at + length; ; {
		if !open && d.at == end {
			return out, nil
		}
		if open && d.at+2 <= len(d.data) && d.data[d.at] == 0 && d.data[d.at+1] == 0 {
			d.at += 2
			return out, nil
		}
		v, err := d.value(depth + 1)
		if err != nil || !open && d.at > end {
			return nil, errBER
		}
		if pieces {
			if v[0] != 0x04 {
				return nil, errBER
			}
			inner := berReader{data: v, at: 1}
			if _, _, err := inner.length(); err != nil {
				return nil, err
			}
			v = v[inner.at:]
		}
		out = append(out, v...)
	}
}

// length reads a length; open: it ends with two zero bytes.
func (d *berReader) length() (n int, open bool, err error) {
	b := d.data[d.at]
	d.at++
	if b == 0x80 {
		return 0, true, nil
	}
	n = int(b)
	if b > 0x80 {
		size := int(b & 0x7f)
		if size > 3 || d.at+size > len(d.data) {
			return 0, false, errBER
		}
		n = 0
		for range size {
			n = n<<8 | int(d.data[d.at])
			d.at++
		}
	}
	if n > len(d.data)-d.at {
		return 0, false, errBER
	}
	return n, false, nil
}

func tlv(tag byte, content []byte) []byte {
	n := len(content)
	out := append(make([]byte, 0, n+5), tag)
	switch {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, content...)
}
