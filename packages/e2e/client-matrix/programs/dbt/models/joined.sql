{{ config(materialized='view') }}
select one.id, two.name from {{ ref('times_1') }} one join {{ ref('times_2') }} two on two.id = one.id * 2
