# Runs once, when the database folder is empty: a user that owns the schema, and one that only reads and writes rows.
password_in() { sed -E 's|^mysql://[^:]+:([0-9a-f]+)@.*|\1|' "$1/url"; }
mysql --user=root --password="$MYSQL_ROOT_PASSWORD" <<SQL
CREATE DATABASE gateway CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE USER 'gateway_owner'@'%' IDENTIFIED BY '$(password_in /run/database-owner)';
GRANT ALL ON gateway.* TO 'gateway_owner'@'%';
CREATE USER 'gateway'@'%' IDENTIFIED BY '$(password_in /run/database)';
GRANT SELECT, INSERT, UPDATE, DELETE ON gateway.* TO 'gateway'@'%';
SQL
