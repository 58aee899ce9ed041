select id * 4 as id, name from {{ ref('numbers') }}
