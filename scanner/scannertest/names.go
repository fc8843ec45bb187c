package scannertest

import (
	"math/rand/v2"
	"strings"
	"unicode"
)

// tongue makes names that sound like those of some part of the world. Stems and endings are invented and put together at
// random, so that they name nobody.
type tongue struct {
	given, givenEnds   []string
	family, familyEnds []string
	familyFirst        bool // the family name is written first
}

func list(s string) []string { return strings.Fields(s) }

var tongues = []tongue{
	{given: list("Hal Ede Tress Corl Mab Wend Ost Brin"), givenEnds: list("wyn ric ette na mond ia"),
		family: list("Hallow Tress Ember Wick Corn Oak Thist Marl"), familyEnds: list("mere ington wold combe leigh shaw garth")},
	{given: list("Jörg Käth Bern Hild Günt Lott Ulr Trud"), givenEnds: list("a mar chen ild olf e"),
		family: list("Mühl Groß Öd Förd Krähen Süd Lerch Weiß"), familyEnds: list("gräber felden hauer reuther bühl stätter mann")},
	{given: list("Sør Bjør Åse Tor Ing Ham Yng Sól"), givenEnds: list("vin ulf dis mar veig run"),
		family: list("Bryg Ærø Kvæ Lille Sør Hav Björk Å"), familyEnds: list("gesen skov strand våg dahlen lundby åsen")},
	{given: list("Woj Boż Zdzi Mał Łuk Kazi Sław Gra"), givenEnds: list("mir ena sław gosia omira ek"),
		family: list("Krzę Żół Świer Brzo Wąs Łęk Cieś Gwóź"), familyEnds: list("picki towiak koszek zowicz oński arek ewicz")},
	{given: list("Işıl Çağ Üm Gül Ayş Tunç Öz Erd"), givenEnds: list("naz rıman itay bey en alp"),
		family: list("Yıldır Şah Kılıç İncir Çınar Doğru Gümüş Öztür"), familyEnds: list("oğan buğa aday soy kaya lıoğlu er")},
	{given: []string{"Thị", "Văn", "Minh", "Đức", "Ngọc", "Quỳnh", "Hữu", "Bảo"}, givenEnds: []string{" Mơ", " Tường", " Lượng", " Hạc", " Nhãn", " Vịnh"},
		family: list("Nguyễ Trầ Đỗ Phạ Võ Huỳ Lượ Bùi"), familyEnds: list("nh ng an m t c ch"), familyFirst: true},
	{given: list("Aoi Cia Nia Órla Fion Séa Cao Bré"), givenEnds: list("bhín rán mhe nait gal dan"),
		family: []string{"O'", "Mac ", "Mc", "Ní ", "O'", "Mac ", "Fitz", "De "}, familyEnds: list("Rathmoy Giollán Bhréanor Dúlaing Fiachan Conrath Sheadha")},
	{given: list("Íñi Xabi Leo Mar Ama Jos Cel Ña"), givenEnds: list("go era nel iña lia ué"),
		family: list("Peñal Iru Zúñi Queve Arri Núñ Muñó Valde"), familyEnds: []string{"cázar", "ñaga", "do Solís", "barren", "rieta", "ón Prado", "zur"}},
	{given: list("Hél Franç Josi Aur Théo Béa Mire Loï"), givenEnds: list("oise ène ane élie bald cie"),
		family: list("Lefè Gué Ché Dubrœ Mar Fau Rous Bés"), familyEnds: list("brac rinel vreux cquard quizon nière selot")},
	{given: list("Dvoř Jiř Květ Zde Štěp Bož Vlas Mile"), givenEnds: list("ena ina oslav an ka imil"),
		family: list("Hráb Šimů Čern Žižk Novo Křič Třeb Říp"), familyEnds: list("ovec nkár ohlávek oň tníček ovan ický")},
	{given: list("Ște Măd Ion Ruxă Lăcr Dra Vio Cos"), givenEnds: list("fania ălin elia ndra goș min"),
		family: list("Ștefă Țăr Băl Vlă Moș Grâ Cozm Ursă"), familyEnds: list("rescu anu ceanu descu oiu uță șteanu")},
	{given: list("Yev Olek Svit Iho Nadi Bohd Vol Zor"), givenEnds: list("hren siy lana ryn yka odar"),
		family: list("Shche Khmel Zhyt Yaro Kryv Tsy Voro Hryts"), familyEnds: list("rbanko nytsky omyrenko shchuk onosiuk bulsky henko")},
	{given: list("Wen Xiu Qing Zhao Li Bo Yu Rui"), givenEnds: list("zhao lan rou hua heng qi"),
		family: list("Qiu Zhan Ouy Xua Jia Shen Lin Fen"), familyEnds: list("lao gtai eng nshu gruo mei hao"), familyFirst: true},
	{given: list("Ven Lak Ani Raj Par Sur Kav Nir"), givenEnds: list("kata shman rudha esh vati mala"),
		family: list("Raman Subra Chand Iyen Kulk Bhatt Desh Pad"), familyEnds: list("thapuri yarao rasekar garam arniya alwar manabh")},
	{given: list("Abd Nur Sam Lay Khal Faw Has Zay"), givenEnds: list("ir ima iyya han oud nab"),
		family: []string{"al-", "bin ", "El ", "Abu ", "al-", "Ben ", "el-", "Ibn "}, familyEnds: list("Qasimur Rashdan Haddawi Mansuri Zahrour Khoudar Tarabin")},
}

// name is what a person is called.
type name struct {
	first, last string
	familyFirst bool
}

func (n name) full() string { return n.first + " " + n.last }

// newName makes up a name; a few people's given and family name come from two parts of the world.
func newName(r *rand.Rand) name {
	t := &tongues[r.IntN(len(tongues))]
	f := t
	if r.IntN(8) == 0 {
		f = &tongues[r.IntN(len(tongues))]
	}
	return name{first: pick(r, t.given) + pick(r, t.givenEnds), last: newFamily(r, f), familyFirst: t.familyFirst && f == t}
}

func newFamily(r *rand.Rand, t *tongue) string { return pick(r, t.family) + pick(r, t.familyEnds) }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// letter is how a letter beyond ASCII is written in plain letters, and as a plain letter with marks behind it (NFD).
type letter struct{ plain, german, marks string }

// letters are those of the pools, in lower case; upper-case ones are derived.
var letters = map[rune]letter{
	'ä': {"a", "ae", "a\u0308"}, 'ö': {"o", "oe", "o\u0308"}, 'ü': {"u", "ue", "u\u0308"}, 'ß': {"ss", "ss", ""},
	'ø': {"o", "oe", ""}, 'æ': {"ae", "ae", ""}, 'å': {"a", "aa", "a\u030a"}, 'œ': {"oe", "oe", ""},
	'á': {"a", "", "a\u0301"}, 'é': {"e", "", "e\u0301"}, 'í': {"i", "", "i\u0301"}, 'ó': {"o", "", "o\u0301"}, 'ú': {"u", "", "u\u0301"}, 'ý': {"y", "", "y\u0301"},
	'è': {"e", "", "e\u0300"}, 'ç': {"c", "", "c\u0327"}, 'ñ': {"n", "", "n\u0303"}, 'ï': {"i", "", "i\u0308"}, 'â': {"a", "", "a\u0302"}, 'ê': {"e", "", "e\u0302"},
	'ł': {"l", "", ""}, 'ż': {"z", "", "z\u0307"}, 'ź': {"z", "", "z\u0301"}, 'ś': {"s", "", "s\u0301"}, 'ć': {"c", "", "c\u0301"}, 'ń': {"n", "", "n\u0301"}, 'ą': {"a", "", "a\u0328"}, 'ę': {"e", "", "e\u0328"},
	'ı': {"i", "", ""}, 'İ': {"i", "", "I\u0307"}, 'ş': {"s", "", "s\u0327"}, 'ğ': {"g", "", "g\u0306"},
	'ř': {"r", "", "r\u030c"}, 'š': {"s", "", "s\u030c"}, 'č': {"c", "", "c\u030c"}, 'ž': {"z", "", "z\u030c"}, 'ě': {"e", "", "e\u030c"}, 'ň': {"n", "", "n\u030c"}, 'ů': {"u", "", "u\u030a"},
	'ă': {"a", "", "a\u0306"}, 'ș': {"s", "", "s\u0326"}, 'ț': {"t", "", "t\u0326"},
	'đ': {"d", "", ""}, 'ị': {"i", "", "i\u0323"}, 'ọ': {"o", "", "o\u0323"}, 'ạ': {"a", "", "a\u0323"}, 'ả': {"a", "", "a\u0309"}, 'ã': {"a", "", "a\u0303"}, 'õ': {"o", "", "o\u0303"},
	'ỳ': {"y", "", "y\u0300"}, 'ầ': {"a", "", "a\u0302\u0300"}, 'ễ': {"e", "", "e\u0302\u0303"}, 'ỗ': {"o", "", "o\u0302\u0303"}, 'ơ': {"o", "", "o\u031b"}, 'ư': {"u", "", "u\u031b"}, 'ứ': {"u", "", "u\u031b\u0301"},
	'ữ': {"u", "", "u\u031b\u0303"}, 'ờ': {"o", "", "o\u031b\u0300"}, 'ợ': {"o", "", "o\u031b\u0323"}, 'ù': {"u", "", "u\u0300"},
}

// spell writes s in other letters: how says what becomes of a letter; empty keeps it.
func spell(s string, how func(letter) string) string {
	var b strings.Builder
	for _, r := range s {
		l, ok := letters[r]
		upper := false
		if !ok {
			l, ok = letters[unicode.ToLower(r)]
			upper = ok
		}
		w := ""
		if ok {
			w = how(l)
		}
		switch {
		case w == "":
			b.WriteRune(r)
		case upper || r == 'İ':
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		default:
			b.WriteString(w)
		}
	}
	return b.String()
}

// plain is a name in ASCII letters.
func plain(s string) string { return spell(s, func(l letter) string { return l.plain }) }

// german is plain, but for ä, ö, ü, å that become two letters.
func german(s string) string {
	return plain(spell(s, func(l letter) string { return l.german }))
}

// decomposed is a name whose marks stand behind their letters (NFD).
func decomposed(s string) string { return spell(s, func(l letter) string { return l.marks }) }

// folded is the plain lower-case letters and digits of a name, its words parted by one blank.
func folded(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(plain(unmarked(s))), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}

// unmarked drops marks that stand behind their letters: folding is all it is for.
func unmarked(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case r == '\'' || r == '’':
			return -1
		}
		return r
	}, s)
}

// joined is folded without the blanks.
func joined(s string) string { return strings.ReplaceAll(folded(s), " ", "") }
