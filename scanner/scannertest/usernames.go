package scannertest

import (
	"strconv"
	"strings"
)

// username follows the app's convention for the name the account was made under.
func (g *maker) username(l *login, handle string) string {
	first, last := plain(l.name.first), plain(l.name.last)
	if l.sys.german {
		first, last = german(l.name.first), german(l.name.last)
	}
	first, last = joined(first), joined(last)
	var u string
	switch l.sys.user {
	case userDotted:
		u = first + "." + last
	case userLocal:
		u, _, _ = strings.Cut(l.mail, "@")
	case userFLast:
		u = first[:1] + last
	case userFirstL:
		u = first + last[:1]
	case userMail:
		return l.mail
	case userHandle:
		return handle
	case userEight:
		u = strings.ToUpper(last[:min(6, len(last))] + first[:min(2, len(first))])
	case userID:
		return string(l.id)
	case userNumber:
		return "W" + strconv.Itoa(300000+g.r.IntN(500000))
	}
	return g.free(l.sys, u)
}

// free puts a number behind a user name that is taken: where user names are local parts, one that no address has.
func (g *maker) free(s *system, u string) string {
	for i := 1; ; i++ {
		try := u
		switch {
		case i > 1 && s.user == userLocal:
			try += strconv.Itoa(70 + i)
		case i > 1:
			try += strconv.Itoa(i)
		}
		if key := s.id + "\x00" + strings.ToLower(try); !g.names[key] {
			g.names[key] = true
			return try
		}
	}
}
