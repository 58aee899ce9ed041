select * from {{ ref('of_tpch') }} where nations <> 5
