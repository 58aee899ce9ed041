package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What a statement does. It stands in the secret of its links, so that a poll needs nothing but its own link.
type kind byte

const (
	shortQuery kind = iota
	endlessQuery
	largeQuery
	// Asks about queries: its rows are kept until its last page.
	questionQuery
	kinds
)

const alphabet = "abcdefghijkmnpqrstuvwxyz23456789"

// A scripted coordinator. It knows the queries that run for ever; all others of its own have ended when they are asked
// about.
type coordinator struct {
	suffix  string
	started time.Time
	texts   *pageTexts

	mutex     sync.Mutex
	submitted int
	second    int64
	stamp     string
	running   map[string]time.Time
	// `columns` and `data` of questions under way.
	questions map[string]string
}

func newCoordinator(pageBytes, largeBytes int) *coordinator {
	drawn := make([]byte, 5)
	rand.Read(drawn)
	for at := range drawn {
		drawn[at] = alphabet[drawn[at]&31]
	}
	return &coordinator{
		suffix:    string(drawn),
		started:   time.Now(),
		texts:     newPageTexts(pageBytes, largeBytes),
		running:   map[string]time.Time{},
		questions: map[string]string{},
	}
}

func (c *coordinator) answer(r *request, out *answer) {
	path := string(r.path)
	switch {
	case path == "/v1/statement":
		c.answerStatement(r, out)
	case strings.HasPrefix(path, "/v1/statement/"):
		c.answerLink(r, path[len("/v1/statement/"):], out)
	case path == "/v1/info", path == "/v1/status":
		uptime := time.Since(c.started).Minutes()
		out.json(r, fmt.Sprintf(
			`{"nodeId":"bench","nodeVersion":{"version":"476"},"environment":"bench","coordinator":true,"coordinatorId":"%s","starting":false,"uptime":"%.2fm"}`,
			c.suffix, uptime,
		))
	case path == "/v1/info/state":
		out.json(r, `"ACTIVE"`)
	case strings.HasPrefix(path, "/v1/query/"):
		c.answerQuery(r, path[len("/v1/query/"):], out)
	default:
		out.empty("404 Not Found")
	}
}

func (c *coordinator) answerStatement(r *request, out *answer) {
	switch string(r.method) {
	case "HEAD":
		out.empty("200 OK")
	case "POST":
		id, what, number := c.submit(string(r.body))
		link := link{id: id, kind: what, number: number}
		c.texts.queued(r, link, "queued", 1, out)
	default:
		out.empty("405 Method Not Allowed")
	}
}

func (c *coordinator) submit(statement string) (string, kind, int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if now := time.Now().Unix(); now != c.second {
		c.second = now
		c.stamp = time.Unix(now, 0).UTC().Format("20060102_150405_")
	}
	number := c.submitted
	c.submitted++
	id := fmt.Sprintf("%s%05d_%s", c.stamp, number%100_000, c.suffix)
	switch {
	case strings.Contains(statement, "system.runtime"):
		c.questions[id] = c.resultOf(statement)
		return id, questionQuery, number
	case statement == endless:
		return id, endlessQuery, number
	case statement == large:
		return id, largeQuery, number
	}
	return id, shortQuery, number
}

// What of the system tables the monitor asks for.
func (c *coordinator) resultOf(statement string) string {
	columns := []string{"query_id"}
	rows := []string{}
	switch {
	case strings.Contains(statement, "system.runtime.nodes"):
		columns, rows = []string{"_col0"}, []string{"[1]"}
	case strings.HasPrefix(statement, "SELECT state, count(*)"):
		columns = []string{"state", "_col1"}
		if len(c.running) > 0 {
			rows = append(rows, fmt.Sprintf(`["RUNNING",%d]`, len(c.running)))
		}
	case strings.Contains(statement, "query_id IN ("):
		columns = []string{"query_id", "state", "error_code", "_col3", "_col4"}
		for _, id := range strings.Split(statement, "'") {
			if !strings.HasSuffix(id, "_"+c.suffix) {
				continue
			}
			if began, runs := c.running[id]; runs {
				rows = append(rows, fmt.Sprintf(`["%s","RUNNING",null,%d,null]`, id, began.Unix()))
			} else {
				rows = append(rows, fmt.Sprintf(`["%s","FINISHED",null,%d,%d]`, id, time.Now().Unix(), time.Now().Unix()))
			}
		}
	default:
		for id := range c.running {
			rows = append(rows, `["`+id+`"]`)
		}
		slices.Sort(rows)
	}
	for at, name := range columns {
		columns[at] = `{"name":"` + name + `","type":"varchar"}`
	}
	return `"columns":[` + strings.Join(columns, ",") + `],"data":[` + strings.Join(rows, ",") + `],`
}

// `queued` or `executing`, then id, secret and token of a link.
func (c *coordinator) answerLink(r *request, rest string, out *answer) {
	if partial, found := strings.CutPrefix(rest, "executing/partialCancel/"); found && string(r.method) == "DELETE" {
		c.end(partial[:min(len(partial), 26)])
		out.empty("204 No Content")
		return
	}
	parts := strings.Split(rest, "/")
	if len(parts) != 4 || (parts[0] != "queued" && parts[0] != "executing") {
		out.empty("404 Not Found")
		return
	}
	link, known := readLink(parts[1], parts[2])
	token, err := strconv.Atoi(parts[3])
	if !known || err != nil || token < 0 || !strings.HasSuffix(link.id, c.suffix) {
		out.empty("404 Not Found")
		return
	}
	switch string(r.method) {
	case "GET":
		c.page(r, link, parts[0], token, out)
	case "HEAD":
		c.begin(link)
		out.empty("200 OK")
	case "DELETE":
		c.end(link.id)
		out.empty("204 No Content")
	default:
		out.empty("405 Method Not Allowed")
	}
}

// The submission is answered with a queued page, so is the first poll; then come the page with rows and the last one.
func (c *coordinator) page(r *request, link link, phase string, token int, out *answer) {
	switch {
	case phase == "queued":
		c.begin(link)
		c.texts.queued(r, link, "executing", 0, out)
	case link.kind == largeQuery && token == 0:
		c.texts.large(r, link, out)
	case link.kind == endlessQuery:
		c.texts.running(r, link, token, out)
	case link.kind == questionQuery:
		c.mutex.Lock()
		result := c.questions[link.id]
		delete(c.questions, link.id)
		c.mutex.Unlock()
		c.texts.last(r, link, result, out)
	case token == 0:
		c.texts.running(r, link, token, out)
	default:
		c.texts.last(r, link, "", out)
	}
}

func (c *coordinator) begin(link link) {
	if link.kind != endlessQuery {
		return
	}
	c.mutex.Lock()
	if _, known := c.running[link.id]; !known {
		c.running[link.id] = time.Now()
	}
	c.mutex.Unlock()
}

func (c *coordinator) end(id string) {
	c.mutex.Lock()
	delete(c.running, id)
	c.mutex.Unlock()
}

func (c *coordinator) answerQuery(r *request, id string, out *answer) {
	if !strings.HasSuffix(id, "_"+c.suffix) {
		out.empty("410 Gone")
		return
	}
	if bytes.Equal(r.method, []byte("DELETE")) {
		c.end(id)
		out.empty("204 No Content")
		return
	}
	c.mutex.Lock()
	_, runs := c.running[id]
	c.mutex.Unlock()
	state := "FINISHED"
	if runs {
		state = "RUNNING"
	}
	out.json(r, `{"queryId":"`+id+`","session":{"queryId":"`+id+`","user":"bench"},"state":"`+state+`","query":"SELECT"}`)
}
