select regionkey, count(*) as nations from tpch.tiny.nation group by regionkey
