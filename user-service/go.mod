module marketplace/user-service

go 1.26.0

replace (
	marketplace/proto => ../proto
	marketplace/shared => ../shared
)

require (
	github.com/golang-jwt/jwt/v5 v5.3.1
	github.com/google/uuid v1.6.0
	github.com/stretchr/testify v1.12.1
	pgregory.net/rapid v1.3.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
