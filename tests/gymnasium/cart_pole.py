"""Writes cart_pole.csv: episodes of Gymnasium's CartPole-v1 from given starts with given actions.

Run by hand, in an environment with gymnasium (its version is in the first line of the result):
    python tests/gymnasium/cart_pole.py > tests/gymnasium/cart_pole.csv

A line is `case,what,values`. A case is a policy and a number of the start: `left` and `right` always push one way, `turns` changes with every
step, `mixed` follows a formula of integers, `balance` pushes to where the pole falls and lives until the time limit. Values:

    start       position, velocity, angle, angular velocity
    step N      the state after N steps
    end         steps of the episode, 1 if it was terminated, 1 if it was truncated, sum of rewards
"""

import gymnasium
import numpy as np

POLICIES = {
    "left": lambda step, _: 0,
    "right": lambda step, _: 1,
    "turns": lambda step, _: step % 2,
    "mixed": lambda step, _: step * (step + 3) // 2 % 3 % 2,
    "balance": lambda _, state: int(state[2] + 0.3 * state[3] + 0.01 * state[0] + 0.03 * state[1] > 0),
}
STARTS = [
    (0.0, 0.0, 0.0, 0.0),
    (0.03, -0.01, -0.04, 0.02),
    (-0.05, 0.05, 0.05, -0.05),
    (2.3, 0.5, 0.0, 0.0),
    (-2.39, -0.4, 0.1, 0.3),
]
SHOWN = (1, 2, 5, 10, 50, 100, 250, 500)

print(f"# gymnasium {gymnasium.__version__}")
for policy, act in POLICIES.items():
    for number, start in enumerate(STARTS):
        env = gymnasium.make("CartPole-v1")
        env.reset(seed=0)
        env.unwrapped.state = np.array(start)
        case, total, steps, ended = f"{policy} {number}", 0.0, 0, (False, False)
        print(f"{case},start,{' '.join(map(repr, start))}")
        while not any(ended):
            _, reward, *ended, _ = env.step(act(steps, env.unwrapped.state))
            steps, total = steps + 1, total + reward
            if steps in SHOWN or any(ended):
                print(f"{case},step {steps},{' '.join(repr(float(number)) for number in env.unwrapped.state)}")
        print(f"{case},end,{steps} {int(ended[0])} {int(ended[1])} {total:g}")
