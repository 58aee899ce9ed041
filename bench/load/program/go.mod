module trino-gateway/bench/load

go 1.22
