package sqldb

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"rollcall/connectors"
)

// server is where to connect, and how.
type server struct {
	dialect  dialect
	name     string // of the dialect, as configured
	network  string // "tcp" or "unix"
	address  string
	host     string // of a TCP address
	database string
	user     string
	password string
	tls      *tls.Config // nil: none, to this host alone
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	pause    pauser

	ownTables bool // names in queries are as the configuration's writer means them
}

// How long one connection may take to be made, and one answer to come.
const (
	dialTimeout   = 30 * time.Second
	answerTimeout = 5 * time.Minute
)

func (c *AppConfig) server(env connectors.Env) (*server, error) {
	s := &server{name: c.Dialect, database: c.Database, user: c.User, dial: env.Dial, pause: pause, ownTables: c.Query != ""}
	switch c.Dialect {
	case "postgres":
		s.dialect = postgres{}
	case "mysql":
		s.dialect = mysqlServer{}
	default:
		return nil, fmt.Errorf("dialect %q is not known; want postgres, or mysql for MySQL and MariaDB", c.Dialect)
	}
	switch {
	case env.Dial == nil:
		return nil, errNoNetwork
	case c.User == "":
		return nil, errors.New("user is missing: name the one to connect as")
	case strings.ContainsRune(c.User+c.Database, 0):
		return nil, errors.New("user and database: a name holds no zero byte")
	}
	if err := s.locate(c, env); err != nil {
		return nil, err
	}
	return s, s.setPassword(c, env)
}

func (s *server) locate(c *AppConfig, env connectors.Env) error {
	if strings.HasPrefix(c.Address, "/") {
		s.network, s.address = "unix", c.Address
		if c.PlainLoopback || c.CAFile != "" {
			return errors.New("plain_loopback and ca_file are for addresses on a network: a unix socket needs no TLS")
		}
		return nil
	}
	host, port, err := net.SplitHostPort(c.Address)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n == 0 || host == "" {
		return fmt.Errorf("address %q: want host:port, or the path of a unix socket, which starts with /", c.Address)
	}
	s.network, s.address, s.host = "tcp", c.Address, host
	switch {
	case c.PlainLoopback && !loopback(host):
		return fmt.Errorf("plain_loopback: %q is another host: what is read would cross the network readable; leave it out, and TLS is used", host)
	case c.PlainLoopback && c.CAFile != "":
		return errors.New("ca_file is for TLS, which plain_loopback turns off")
	case c.PlainLoopback:
		return nil
	}
	s.tls, err = connectors.TLSTo(host, c.CAFile, env.Dir)
	return err
}

// loopback names this host by its address: what "localhost" means is for a resolver to say.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (s *server) setPassword(c *AppConfig, env connectors.Env) error {
	if c.Password == "" && s.network == "unix" {
		return nil // the server knows the caller by the socket
	}
	if env.Secret == nil {
		return errors.New("no way to resolve the password is given")
	}
	secret, err := env.Secret(c.Password)
	if err != nil {
		return fmt.Errorf("password: %w", err)
	}
	if s.password = strings.TrimRight(secret, "\r\n"); s.password == "" {
		return errors.New("password: the secret is empty")
	}
	return nil
}

// location is the server's URL, for people to find it.
func (s *server) location() string {
	at := s.address
	if s.network == "tcp" {
		at = "//" + at
		if s.database != "" {
			at += "/" + s.database
		}
	}
	return s.name + ":" + at
}

// unsafe says what is said of a connection without TLS.
func (s *server) unsafe() []string {
	if s.tls == nil && s.network == "tcp" {
		return []string{"without TLS, on this host"}
	}
	return nil
}

// with connects once, hands the connection on, and closes it. Cancelling the context ends it.
func (s *server) with(ctx context.Context, do func(*sql.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return s.broken(ctx, "connect", err)
	}
	db, err := s.dialect.open(s)
	if err != nil {
		return s.broken(ctx, "connect", err)
	}
	defer db.Close()
	dialing, done := context.WithTimeout(ctx, dialTimeout)
	conn, err := db.Conn(dialing)
	done()
	if err != nil {
		return s.broken(ctx, "connect as "+s.user, err)
	}
	defer conn.Close()
	return do(conn)
}

// reading hands on a transaction that sees one state of the database and can change nothing.
func (s *server) reading(ctx context.Context, do func(*sql.Tx) error) error {
	return s.with(ctx, func(conn *sql.Conn) error {
		tx, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
		if err != nil {
			return s.broken(ctx, "begin to read", err)
		}
		defer tx.Rollback()
		return do(tx)
	})
}
