-- A superuser: psql -v password=... -f role.sql
CREATE ROLE "strangler_cdc" LOGIN REPLICATION PASSWORD :'password';
GRANT CONNECT ON DATABASE :"DBNAME" TO "strangler_cdc";
