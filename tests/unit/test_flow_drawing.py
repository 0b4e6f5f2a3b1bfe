from api.ui.drawing import EDGES, HEIGHT, WIDTH
from api.ui.flow_steps import LANES, NODES
from webhooks.flow import STEPS, flow


def test_all_that_is_counted_is_drawn():
    counted = flow({})

    assert {node.id for node in NODES.values()} == set(counted.nodes)
    assert {edge.id for edge in EDGES} == set(counted.edges)


def test_a_step_is_called_alike_everywhere():
    assert {node.id: node.label for node in NODES.values()} == STEPS


def test_each_node_stands_in_its_lane():
    stands = {node: lane for lane in LANES for node in lane.nodes}

    assert set(stands) == set(NODES)
    assert all(lane.top < NODES[node].y < lane.bottom for node, lane in stands.items())
    assert all(0 < node.x < WIDTH and node.y < HEIGHT for node in NODES.values())
