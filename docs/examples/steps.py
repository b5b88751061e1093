from landscape import Experiment, steps

experiment = Experiment(dataset="spirals", hidden=(16,), activation="tanh", epochs=20)
for step in steps(experiment):
    if step.cost < 0.1:
        print(f"the batch's cost is below 0.1 after {step.index} steps")
        break
