module marketplace/payment-service

go 1.26.0

replace (
	marketplace/proto => ../proto
	marketplace/shared => ../shared
)
