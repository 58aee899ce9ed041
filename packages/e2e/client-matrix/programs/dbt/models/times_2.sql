select id * 2 as id, name from {{ ref('numbers') }}
