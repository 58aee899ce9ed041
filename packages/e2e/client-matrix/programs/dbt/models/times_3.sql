select id * 3 as id, name from {{ ref('numbers') }}
