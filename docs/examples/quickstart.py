from landscape import Experiment, fit

run = fit(Experiment(hidden=(16, 16), optimizer="sgd", batch_size=10, epochs=3))
print(f"{run.history.test_accuracy[-1]:.1%} of the test digits are read correctly")
surface = run.surface(projection="pca", resolution=25, split="test")
surface.figure(path=run.path).show()
