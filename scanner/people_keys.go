package scanner

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"rollcall/connectors"
)

// recordKey is one thing by which a record may be another's.
type recordKey struct {
	h        uint64
	rec      int32
	personal bool // of an address
}

func compareKeys(a, b recordKey) int {
	if a.h != b.h {
		return cmp.Compare(a.h, b.h)
	}
	return int(a.rec - b.rec)
}

// keys fills name and mail, side by side.
func (j *joiner) keys() {
	var wg sync.WaitGroup
	wg.Go(func() {
		name := make([]recordKey, 0, len(j.recs)+len(j.recs)/8)
		for i, r := range j.recs {
			for h := range recordNames(r) {
				name = append(name, recordKey{h: h, rec: int32(i)})
			}
		}
		j.name = sortKeys(name)
	})
	mail := make([]recordKey, 0, 2*len(j.recs))
	var buf [128]byte
	for i, r := range j.recs {
		for a, personal := range recordAddresses(r) {
			if folded, at := foldAddress(buf[:0], a); at >= 0 {
				mail = append(mail, recordKey{hashBytes(folded), int32(i), personal})
			}
		}
	}
	j.mail = sortKeys(mail)
	wg.Wait()
}

// sortKeys sorts by hash and record. Hashes spread evenly: one pass by their high bits leaves a few in each bucket, which
// takes a third of the time of a plain sort.
func sortKeys(keys []recordKey) []recordKey {
	shift := 64 - max(bits.Len(uint(len(keys)))-2, 1)
	ends := make([]int32, 1<<(64-shift)+1)
	for i := range keys {
		ends[keys[i].h>>shift+1]++
	}
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	out := make([]recordKey, len(keys))
	for _, k := range keys {
		b := k.h >> shift
		out[ends[b]] = k
		ends[b]++
	}
	from := int32(0)
	for _, to := range ends[:len(ends)-1] {
		slices.SortFunc(out[from:to], compareKeys)
		from = to
	}
	return out
}

// recordNames yields the hash of every full name a record goes by.
func recordNames(r *connectors.Person) func(func(uint64) bool) {
	return func(yield func(uint64) bool) {
		var buf [128]byte
		full := func(given, family string) bool {
			b := foldName(buf[:0], given, false)
			b, _ = runTogether(foldName(append(b, ' '), family, false))
			return len(b) < 3 || yield(hashToken(b))
		}
		if r.LastName == "" {
			full(r.FirstName, r.DisplayName)
			return
		}
		firsts, lasts := [2]string{r.FirstName, r.PreferredName}, [2]string{r.LastName, r.FormerLastName}
		for i, f := range firsts {
			for k, l := range lasts {
				if i > 0 && f == "" || k > 0 && l == "" {
					continue
				}
				if !full(f, l) {
					return
				}
			}
		}
	}
}

// recordAddresses yields the addresses of a record; true marks the personal one.
func recordAddresses(r *connectors.Person) func(func(string, bool) bool) {
	return func(yield func(string, bool) bool) {
		if r.WorkEmail != "" && !yield(r.WorkEmail, false) {
			return
		}
		if r.PersonalEmail != "" && !yield(r.PersonalEmail, true) {
			return
		}
		for _, a := range r.Aliases {
			if a != "" && !yield(a, false) {
				return
			}
		}
	}
}

// groups calls f with each run of two or more keys that are equal.
func groups(keys []recordKey, f func([]recordKey)) {
	for i := 0; i < len(keys); {
		k := i + 1
		for k < len(keys) && keys[k].h == keys[i].h {
			k++
		}
		if k-i > 1 {
			f(keys[i:k])
		}
		i = k
	}
}

// joinAddresses joins records of one name that share an address.
func (j *joiner) joinAddresses() {
	var named []recordKey // the names of those who share one
	groups(j.mail, func(mail []recordKey) {
		named = named[:0]
		for _, k := range mail {
			for h := range recordNames(j.recs[k.rec]) {
				named = append(named, recordKey{h, k.rec, k.personal})
			}
		}
		slices.SortFunc(named, compareKeys)
		groups(named, j.joinGroup)
	})
}

// joinGroup joins records that have a name and an address in common.
func (j *joiner) joinGroup(g []recordKey) {
	for i, a := range g {
		for _, b := range g[i+1:] {
			ra, rb := j.recs[a.rec], j.recs[b.rec]
			if a.rec == b.rec || j.find(a.rec) == j.find(b.rec) {
				continue
			}
			// A work address may have been given to a newcomer of the same name: what HR knows of one only leaves it open.
			sameKnown := (ra.PersonalEmail == "") == (rb.PersonalEmail == "")
			if a.personal && b.personal || sameKnown && !overlap(ra, rb) && !differentPersonal(ra, rb) {
				j.union(a.rec, b.rec)
			}
		}
	}
}
