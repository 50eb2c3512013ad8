// Package pool answers two questions: which backend gets a request, and is that
// backend well?
//
// A Pool is a named group of backends. Probes watch each of them; a change of
// state makes the pool build a new Picker over those that are eligible, so that
// Pick, which every request calls, only reads. The strategies are a table: one
// name of the configuration, one small file.
//
// A pool changes while it serves: Update makes it what another configuration says,
// Drain and SetWeight are for operators. What requests read is a view, which is
// never changed but replaced. A Backend stays the same for as long as its address
// is in the configuration, and after that until its last exchange has ended.
//
// A Backend hands out connections. They come from a fasthttp.HostClient, of
// which only the connection pool is used: its limit, its idle list and its
// cleaner. What goes over a connection is written and read by this package (see
// Conn), because a proxy has to know what was sent when something failed, has to
// time each wait for itself, and must never read as an answer what was there
// before the question.
package pool
